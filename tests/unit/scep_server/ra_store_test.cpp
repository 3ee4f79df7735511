// The white paper's seven criteria, one by one, and what becomes of the certificate of before.
#include "scep-server/enroll/ra_store.h"

#include "scep-server/enroll/ra_material.h"
#include "scep-server/message/ra_identity.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/enroll_bench.h"
#include "tests/unit/scep_server/event_sample.h"

using namespace ndes;
using namespace ndes::scep;
using namespace std::chrono_literals;
using test::CertificateOrder;
using test::Lab;

namespace {

constexpr const char* kSign = "critical,digitalSignature";
constexpr const char* kEncrypt = "critical,keyEncipherment";

struct Store {
    Store() {
        std::filesystem::create_directory(folder);
        lab.profile().ra = {};
        lab.profile().ra.store = folder;
    }

    // As make_certificate, with the extended key usage that makes it a candidate.
    Certificate make(CertificateOrder order, const char* extended = kCertificateRequestAgent) {
        order.extended_key_usage = extended;
        return test::make_certificate(order);
    }
    CertificateOrder order(const std::string& name, std::size_t key, const char* usage,
                           std::chrono::hours age = 24h) {
        return {"CN=" + name,          test::rsa_key_number(key),   &lab.ca, lab.ca_key,
                lab.clock.now() - age, lab.clock.now() + 24h * 100, usage};
    }
    void put(const std::string& name, const Certificate& certificate, std::size_t key) {
        test::write_certificates(folder / (name + ".pem"), {certificate});
        test::write_key(folder / (name + ".key"), test::rsa_key_number(key));
    }
    void put_good(const std::string& name, std::size_t key, const char* usage,
                  std::chrono::hours age = 24h) {
        put(name, make(order(name, key, usage, age)), key);
    }
    Result<RaChoice> choose() { return choose_ra(folder, {lab.ca}, 48h, lab.clock.now()); }
    std::string fault() {
        const auto choice = choose();
        REQUIRE_FALSE(choice);
        CHECK(choice.error().code == ErrorCode::configuration);
        return choice.error().text;
    }

    Lab lab;
    const std::filesystem::path folder = lab.folder / "store";
};

}  // namespace

TEST_CASE("the latest issued pair that fits is taken, each for its use") {
    Store store;
    store.put_good("s-old", 1, kSign, 72h);
    store.put_good("s-new", 2, kSign, 24h);
    store.put_good("e-new", 3, kEncrypt, 24h);
    store.put_good("e-old", 4, kEncrypt, 72h);
    const auto choice = store.choose();
    REQUIRE(choice);
    CHECK(choice->signing_file.stem() == "s-new");
    CHECK(choice->encryption_file.stem() == "e-new");
    REQUIRE(choice->identity.older.size() == 1);
    CHECK(choice->identity.older.front().certificate.subject_text() == "CN=e-old");
    CHECK(choice->identity.older.front().until == store.lab.clock.now() + 24h);
    store.lab.clock.advance(25h);
    CHECK(store.choose()->identity.older.empty());
}

TEST_CASE("one certificate may serve both uses") {
    Store store;
    store.put_good("both", 1, "critical,digitalSignature,keyEncipherment");
    const auto choice = store.choose();
    REQUIRE(choice);
    CHECK(choice->signing_file == choice->encryption_file);
}

TEST_CASE("what does not fit is left out, and the reason told") {
    Store store;
    store.put_good("signing", 1, kSign);
    const auto order = store.order("wrong", 2, kEncrypt);
    std::string why;
    SECTION("no certificate at all") { why = "no usable encryption certificate"; }
    SECTION("another extended key usage") {
        store.put("wrong", store.make(order, "clientAuth"), 2);
        why = "wrong.pem: its extended key usage lacks Certificate Request Agent";
    }
    SECTION("no extended key usage") {
        store.put("wrong", test::make_certificate(order), 2);
        why = "lacks Certificate Request Agent";
    }
    SECTION("another key usage") {
        store.put("wrong", store.make(store.order("wrong", 2, "critical,keyAgreement")), 2);
        why = "neither keyEncipherment nor digitalSignature";
    }
    SECTION("archived") {
        store.put_good("wrong", 2, kEncrypt);
        std::filesystem::rename(store.folder / "wrong.pem", store.folder / "wrong.pem.archived");
        why = "no usable encryption certificate";
    }
    SECTION("in a folder below") {
        std::filesystem::create_directory(store.folder / "archive");
        store.put_good("archive/wrong", 2, kEncrypt);
        why = "no usable encryption certificate";
    }
    SECTION("no key") {
        store.put_good("wrong", 2, kEncrypt);
        std::filesystem::remove(store.folder / "wrong.key");
        why = "wrong.pem: has no key beside it";
    }
    SECTION("another key") {
        store.put("wrong", store.make(order), 3);
        why = "wrong.key is not its key";
    }
    SECTION("a key in a token that is not configured") {
        store.put_good("wrong", 2, kEncrypt);
        std::filesystem::remove(store.folder / "wrong.key");
        test::write_text(store.folder / "wrong.uri", "pkcs11:token=lab;object=ra\n");
        why = "needs [pkcs11]";
    }
    SECTION("another CA") {
        auto foreign = order;
        foreign.issuer_key = test::rsa_key_number(9);
        store.put("wrong", store.make(foreign), 2);
        why = "is not issued by the CA of [issuer]";
    }
    SECTION("expired") {
        auto expired = order;
        expired.not_after = store.lab.clock.now() - 1h;
        store.put("wrong", store.make(expired), 2);
        why = "wrong.pem: expired at";
    }
    SECTION("not yet valid") {
        store.put_good("wrong", 2, kEncrypt, -24h);
        why = "wrong.pem: is valid only from";
    }
    SECTION("half a file") {
        test::write_text(store.folder / "wrong.pem", "-----BEGIN CERTIFICATE-----\nMII");
        why = "wrong.pem: ";
    }
    const std::string fault = store.fault();
    CAPTURE(fault);
    CHECK(fault.find(why) != std::string::npos);
    CHECK(fault.find("no usable encryption certificate") != std::string::npos);
}

TEST_CASE("a request to the certificate of before opens until its time") {
    Store store;
    store.put_good("signing", 1, kSign);
    store.put_good("e-old", 2, kEncrypt, 72h);
    store.put_good("e-new", 3, kEncrypt, 1h);
    test::FakePolicy policy;
    test::EnrollBench bench(store.lab, policy);
    const auto old = load_certificates(store.folder / "e-old.pem");
    const auto current = load_certificates(store.folder / "e-new.pem");
    REQUIRE((old && current));
    const auto status_of = [&](std::size_t key, const Certificate& recipient) {
        const test::Device device(key);
        const Bytes message = make_message(make_csr(device.key, device.csr), device.signing_key,
                                           device.signer, {recipient}, device.message);
        const auto answer = bench.enrollment.answer(message, "192.0.2.7");
        return device.read(answer.message).pki_status;
    };
    // The overlap of the configuration is a day.
    CHECK(status_of(4, old->front()) == "0");
    CHECK(status_of(5, current->front()) == "0");
    CHECK(without_overdue(*bench.ra.get(), store.lab.clock.now()) == nullptr);
    store.lab.clock.advance(24h);
    auto rest = without_overdue(*bench.ra.get(), store.lab.clock.now());
    REQUIRE(rest);
    bench.ra.replace(std::move(rest));
    CHECK(status_of(6, old->front()) == "2");
    CHECK(status_of(7, current->front()) == "0");
}

TEST_CASE("a reload keeps the certificate of before, once, for the overlap") {
    Store store;
    store.put_good("signing", 1, kSign);
    store.put_good("first", 2, kEncrypt, 72h);
    const WallTime now = store.lab.clock.now();
    const auto first = load_ra(store.lab.profile().ra, {store.lab.ca}, now);
    REQUIRE(first);
    store.put_good("second", 3, kEncrypt, 1h);
    std::filesystem::remove(store.folder / "first.pem");
    const auto second = load_ra(store.lab.profile().ra, {store.lab.ca}, now);
    REQUIRE(second);
    CHECK((*second)->identity.older.empty());
    for (int twice = 0; twice < 2; ++twice) {
        keep_opening(**second, **first, now + 1h, now);
        REQUIRE((*second)->identity.older.size() == 1);
        CHECK((*second)->identity.older.front().until == now + 1h);
    }
    const auto third = load_ra(store.lab.profile().ra, {store.lab.ca}, now);
    keep_opening(**third, **second, now + 2h, now);  // its own, unchanged, is not an older one
    CHECK((*third)->identity.older.size() == 1);
}

TEST_CASE("an RA certificate that ends is told in time: 35, then 34") {
    Store store;
    store.put_good("both", 1, "critical,digitalSignature,keyEncipherment");
    const auto ra = load_ra(store.lab.profile().ra, {store.lab.ca}, store.lab.clock.now());
    REQUIRE(ra);
    test::RecordingLog log;
    warn_of_ra_dates(**ra, store.lab.clock.now(), log);
    CHECK(log.text().empty());
    warn_of_ra_dates(**ra, store.lab.clock.now() + 24h * 71, log);
    CHECK(test::has_event(log, 35));
    CHECK_FALSE(test::has_event(log, 34));
    warn_of_ra_dates(**ra, store.lab.clock.now() + 24h * 101, log);
    CHECK(test::has_event(log, 34));
}
