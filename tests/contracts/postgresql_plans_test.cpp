// How the server finds what decisions ask for: through indexes, also by plans that it made while
// the tables were small.
#include <chrono>
#include <thread>

#include "crp-service/store/store_factory.h"
#include "tests/contracts/store_contract.h"
#include "tests/support/postgresql_cluster.h"

using namespace ndes::test;
using ndes::crp::Store;
using ndes::crp::StoreOptions;

namespace {

std::unique_ptr<Store> open(const StoreOptions& options) {
    auto store = ndes::crp::open_store(options, ndes::system_clock());
    INFO((store ? "" : store.error().text + ": " + store.error().detail));
    REQUIRE(store);
    return std::move(*store);
}

// What one enrolment reads and writes.
void enrol(Store& store, unsigned number) {
    const auto challenge = sample_challenge(number);
    post(store, challenge);
    const auto yes = sample_yes(number, challenge);
    CHECK(store.find_decision_by_request(yes.caller, yes.request_id));
    CHECK(store.find_standing(yes.transaction_id, yes.csr_sha256, yes.signing_sha256));
    CHECK(store.find_verified(yes.transaction_id, yes.spki_sha256));
    CHECK(store.find_challenge(challenge.id));
    CHECK(store.find_key_of_other_device(yes.spki_sha256, yes.device_id));
    decide(store, commit_of(yes, number));
    CHECK(store.find_transaction(yes.transaction_id));
    const auto certificate = sample_certificate(number, yes);
    REQUIRE(store.commit_notify(issued(yes, certificate, 100'000 + number)));
    CHECK(store.find_certificate(certificate.sha256));
}

// How often each table was read as a whole, and whether an index led into it.
constexpr const char* kScans = R"(SELECT string_agg(relname || ' ' || seq_scan ||
        CASE WHEN idx_scan > 0 THEN '' ELSE ', not told yet' END, '; ' ORDER BY relname)
    FROM pg_stat_all_tables
    WHERE schemaname = 'crp' AND relname IN ('certificate', 'challenge', 'decision'))";

}  // namespace

TEST_CASE("postgresql: decisions and notifications never read whole tables") {
    auto& cluster = postgresql_cluster();
    const StoreOptions options = cluster.fresh_database();
    {
        const auto store = open(options);
        store->set_sinks({"inbox"});
        for (unsigned number = 1; number <= 5; ++number)
            enrol(*store, number);
    }
    // The server knows now that reading all of these few rows is the cheapest.
    cluster.query(options, "ANALYZE");
    cluster.query(options, "SELECT pg_stat_reset()");
    {
        const auto store = open(options);
        store->set_sinks({"inbox"});
        for (unsigned number = 6; number <= 35; ++number)
            enrol(*store, number);
    }
    // The sessions tell what they did when they end, a little later.
    std::string scans;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    do {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        scans = cluster.query(options, kScans);
    } while (scans.find("not told yet") != std::string::npos &&
             std::chrono::steady_clock::now() < end);
    CHECK(scans == "certificate 0; challenge 0; decision 0");
}
