// Several programs on one PostgreSQL database: cursors skip nothing, one challenge has one winner,
// and a server that is killed loses no answered write.
#include <atomic>
#include <set>
#include <thread>

#include "crp-service/store/store_factory.h"
#include "tests/contracts/store_contract.h"
#include "tests/support/postgresql_cluster.h"

using namespace ndes::test;
using ndes::ErrorCode;
using ndes::system_clock;
using ndes::crp::PageRequest;
using ndes::crp::Store;
using ndes::crp::StoreOptions;
using Kind = ndes::crp::DecisionOutcome::Kind;

namespace {

std::unique_ptr<Store> open(StoreOptions options, const std::string& node) {
    options.node = node;
    auto store = ndes::crp::open_store(options, system_clock());
    INFO((store ? "" : store.error().text + ": " + store.error().detail));
    REQUIRE(store);
    return std::move(*store);
}

void run_threads(unsigned count, const std::function<void(unsigned)>& work) {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < count; ++i)
        threads.emplace_back(work, i);
    for (auto& thread : threads)
        thread.join();
}

}  // namespace

TEST_CASE("postgresql: a reader that polls meets every message and record of three nodes") {
    const StoreOptions options = postgresql_cluster().fresh_database();
    constexpr unsigned kNodes = 3;
    constexpr unsigned kEach = 400;
    std::vector<std::unique_ptr<Store>> stores;
    for (unsigned i = 0; i < kNodes; ++i)
        stores.push_back(open(options, "node-" + std::to_string(i)));
    const auto reader = open(options, "reader");
    std::atomic<unsigned> running{2 * kNodes};
    std::atomic<int> failed{0};

    std::set<std::string> messages;
    std::set<std::pair<std::string, std::int64_t>> audited;
    std::thread poll([&] {
        PageRequest message_page{.after = {}, .limit = 7, .owner = {}};
        PageRequest audit_page = message_page;
        for (bool last = false;;) {
            auto page = reader->list_state_messages(message_page);
            auto audit = reader->list_audit(audit_page);
            if (!page || !audit) {
                ++failed;
                return;
            }
            // What stands behind the last cursor is read again: the cursor alone counts.
            for (const auto& one : page->items)
                messages.insert(one.id);
            for (const auto& one : audit->items)
                audited.insert({one.node, one.sequence});
            if (page->next) message_page.after = *page->next;
            if (audit->next) audit_page.after = *audit->next;
            if (page->next || audit->next) continue;
            if (last) return;
            last = running == 0;
        }
    });
    run_threads(2 * kNodes, [&](unsigned i) {
        for (unsigned n = 0; n < kEach / 2; ++n) {
            const unsigned number = 1 + i * kEach + n;
            auto done = stores[i % kNodes]->commit_decision(
                commit_of(sample_no(number, sample_challenge(number)), number));
            if (!done) ++failed;
        }
        --running;
    });
    poll.join();
    CHECK(failed == 0);
    CHECK(messages.size() == kNodes * kEach);
    CHECK(audited.size() == kNodes * kEach);
    CHECK(audit_length(*reader) == kEach);  // every chain is whole; the last one's length
}

TEST_CASE("postgresql: of two nodes that decide for one challenge or one key at once, one wins") {
    const StoreOptions options = postgresql_cluster().fresh_database();
    const std::array<std::unique_ptr<Store>, 2> stores{open(options, "a"), open(options, "b")};
    constexpr unsigned kRaces = 300;
    ndes::crp::ChallengeBatch batch;
    batch.now = noon();
    for (unsigned i = 1; i <= 2 * kRaces; ++i)
        batch.challenges.push_back(sample_challenge(i));
    REQUIRE(stores[0]->add_challenges(batch, sample_audit("post-challenges")));

    std::vector<std::atomic<int>> wins(kRaces + 1);
    std::vector<std::atomic<int>> key_wins(kRaces + 1);
    std::atomic<int> failed{0};
    std::atomic<int> lost{0};
    run_threads(8, [&](unsigned thread) {
        Store& store = *stores[thread % 2];
        for (unsigned race = 1 + thread / 2; race <= kRaces; race += 4) {
            const unsigned number = 2 * race + thread % 2 + 10'000;
            auto yes = sample_yes(number, sample_challenge(race));
            auto outcome = store.commit_decision(commit_of(yes, number));
            if (!outcome) {
                ++failed;
                continue;
            }
            wins[race] += outcome->kind == Kind::committed ? 1 : 0;
            lost += outcome->kind == Kind::lost && outcome->challenge_state ? 1 : 0;
            // Two devices, two challenges, one key.
            const unsigned own = kRaces + race;
            auto other = sample_yes(number + 100'000, sample_challenge(own));
            other.challenge_id.clear();
            other.spki_sha256 = "key-" + std::to_string(race);
            other.device_id = "device-of-thread-" + std::to_string(thread % 2);
            auto second = store.commit_decision(commit_of(other, number + 100'000));
            if (!second || (second->kind == Kind::lost) != second->key_taken) ++failed;
            if (second) key_wins[race] += second->kind == Kind::committed ? 1 : 0;
        }
    });
    CHECK(failed == 0);
    CHECK(lost == static_cast<int>(kRaces));
    for (unsigned race = 1; race <= kRaces; ++race) {
        CAPTURE(race);
        CHECK(wins[race] == 1);
        CHECK(key_wins[race] == 1);
    }
    audit_length(*stores[1]);
}

TEST_CASE("postgresql: the same question asked of two nodes at once has one yes") {
    const StoreOptions options = postgresql_cluster().fresh_database();
    const std::array<std::unique_ptr<Store>, 2> stores{open(options, "a"), open(options, "b")};
    constexpr unsigned kRaces = 200;
    std::atomic<int> committed{0};
    std::atomic<int> repeated{0};
    run_threads(8, [&](unsigned thread) {
        for (unsigned race = 1 + thread / 2; race <= kRaces; race += 4) {
            auto yes = sample_yes(race, sample_challenge(race));
            yes.id = hex_id(race * 2 + thread % 2 + 50'000);
            auto commit = commit_of(yes, race * 2 + thread % 2);
            commit.decision.request_id.clear();
            commit.first_seen = sample_challenge(race);
            auto outcome = stores[thread % 2]->commit_decision(commit);
            if (!outcome) continue;
            (outcome->kind == Kind::committed ? committed : repeated) += 1;
            if (outcome->kind == Kind::lost) committed = 10'000;
        }
    });
    CHECK(committed == static_cast<int>(kRaces));
    CHECK(repeated == static_cast<int>(kRaces));
}

TEST_CASE("postgresql: nodes hold a sink in turn") {
    const StoreOptions options = postgresql_cluster().fresh_database();
    const auto a = open(options, "a");
    const auto b = open(options, "b");
    const auto later = noon() + std::chrono::seconds(30);
    CHECK(*a->claim_sink("inbox", "a", noon(), later));
    CHECK_FALSE(*b->claim_sink("inbox", "b", noon(), later));
    CHECK(*b->claim_sink("hook", "b", noon(), later));
    CHECK(*a->claim_sink("inbox", "a", noon(), later));
    CHECK(*b->claim_sink("inbox", "b", later, later + std::chrono::seconds(30)));
    CHECK_FALSE(*a->claim_sink("inbox", "a", later, later));
}

TEST_CASE("postgresql: a node is held to the times that it recorded itself") {
    const StoreOptions options = postgresql_cluster().fresh_database();
    const auto a = open(options, "a");
    auto ahead = sample_audit("event");
    ahead.time = noon() + std::chrono::hours(1);
    REQUIRE(a->append_audit(ahead));
    const auto b = open(options, "b");
    CHECK(*b->last_recorded_time() == ahead.time);  // it has nothing of its own yet
    REQUIRE(b->append_audit(sample_audit("event")));
    CHECK(*b->last_recorded_time() == noon());
    CHECK(*a->last_recorded_time() == ahead.time);
}

TEST_CASE("postgresql: what waits for another node's sink stays") {
    const StoreOptions options = postgresql_cluster().fresh_database();
    const auto a = open(options, "a");
    const auto b = open(options, "b");
    a->set_sinks({"hook"});
    for (unsigned number = 1; number <= 2; ++number)
        decide(*a, commit_of(sample_no(number, sample_challenge(number)), number));
    ndes::crp::RetentionLimits limits;
    limits.messages_before = noon() + std::chrono::hours(1);
    const auto held_until = limits.messages_before + std::chrono::seconds(30);
    REQUIRE(*a->claim_sink("hook", "a", noon(), held_until));
    CHECK(b->purge(limits, 10)->messages == 0);
    limits.messages_before = held_until;  // nobody has emptied it for all that time
    CHECK(b->purge(limits, 10)->messages == 1);
}

TEST_CASE("postgresql: a killed server loses no answered write and has no two answers") {
    PostgresqlCluster cluster;  // its own: others would be disturbed
    const StoreOptions options = cluster.fresh_database();
    const std::array<std::unique_ptr<Store>, 2> stores{open(options, "a"), open(options, "b")};
    std::atomic<bool> stop{false};
    std::atomic<int> refused{0};
    std::mutex mutex;
    std::vector<unsigned> answered;
    std::atomic<int> answers{0};
    const auto wait_for_answers = [&answers](int more) {
        const int before = answers;
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (answers < before + more && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
    std::thread killer([&] {
        for (int round = 0; round < 6; ++round) {
            wait_for_answers(31 + 17 * round);  // in the middle of anything
            cluster.kill();
            std::this_thread::sleep_for(std::chrono::milliseconds(50 * round));
            cluster.start();
        }
        wait_for_answers(50);
        stop = true;
    });
    run_threads(6, [&](unsigned thread) {
        for (unsigned number = 1 + thread * 100'000; !stop; ++number) {
            auto commit = commit_of(sample_yes(number, sample_challenge(number)), number);
            commit.first_seen = sample_challenge(number);
            for (;;) {
                auto outcome = stores[thread % 2]->commit_decision(commit);
                if (outcome) break;
                ++refused;
                if (stop) return;
            }
            const std::lock_guard guard(mutex);
            answered.push_back(number);
            ++answers;
        }
    });
    killer.join();
    CAPTURE(refused.load());
    CHECK(answered.size() > 100);
    unsigned missing = 0;
    for (const unsigned number : answered) {
        auto found = stores[0]->find_transaction_history("transaction-" + std::to_string(number));
        if (!found || found->size() != 1 || !found->front().decision.verified) ++missing;
    }
    CHECK(missing == 0);
    audit_length(*stores[1]);
    const auto count = [&](const char* sql) { return cluster.query(options, sql); };
    CHECK(count("SELECT count(*) FROM state_message") == count("SELECT count(*) FROM decision"));
    CHECK(count("SELECT count(*) FROM audit") == count("SELECT count(*) FROM decision"));
}
