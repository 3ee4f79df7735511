#include "crp-service/upkeep/retention_job.h"

#include <algorithm>
#include <thread>

#include "crp-service/store/memory_store.h"
#include "tests/catch.h"
#include "tests/contracts/store_contract.h"
#include "tests/support/recording_log.h"
#include "tests/unit/upkeep/two_clocks.h"

using namespace std::chrono_literals;
using namespace ndes::test;
using ndes::crp::ChallengeState;
using ndes::crp::RetentionConfig;
using ndes::crp::RetentionJob;

namespace {

constexpr auto kDay = std::chrono::milliseconds(24h);

struct Fixture {
    ndes::crp::MemoryStore store;
    RecordingLog log;
    TwoClocks clock{noon()};
    RetentionConfig config;

    Fixture() { config.batch_pause = 0ms; }
    std::unique_ptr<RetentionJob> make() {
        auto job = RetentionJob::make(store, log, clock, config);
        REQUIRE(job);
        return std::move(*job);
    }
    std::vector<ndes::crp::AuditRecord> audited(const std::string& event) {
        auto page = store.list_audit({.after = {}, .limit = 1000, .owner = {}});
        REQUIRE(page);
        std::erase_if(page->items, [&](const auto& one) { return one.event != event; });
        return page->items;
    }
};

std::string fact(const ndes::crp::AuditRecord& record, std::string_view name) {
    const auto found =
        std::ranges::find_if(record.facts, [&](const auto& one) { return one.first == name; });
    return found == record.facts.end() ? "" : found->second;
}

RetentionJob::Outcome run(RetentionJob& job) {
    auto outcome = job.run_once();
    REQUIRE(outcome);
    return *outcome;
}

// A certificate, a refusal and a challenge that nobody used.
void fill(Fixture& fixture) {
    post(fixture.store, sample_challenge(1));
    const auto yes = sample_yes(1, sample_challenge(1));
    decide(fixture.store, commit_of(yes, 1));
    REQUIRE(fixture.store.commit_notify(issued(yes, sample_certificate(1, yes), 101)));
    decide(fixture.store, commit_of(sample_no(2, sample_challenge(1)), 2));
    post(fixture.store, sample_challenge(3));
}

}  // namespace

TEST_CASE("each kind of record goes when its own time has come, and not before") {
    Fixture fixture;
    fill(fixture);
    fixture.config.messages_after = 20 * kDay;
    const auto job = fixture.make();
    const auto at = [&](std::chrono::milliseconds since_noon) {
        fixture.clock.pass(noon() + since_noon - fixture.clock.now());
        return run(*job).purged;
    };
    CHECK(at(20 * kDay).total() == 0);
    CHECK(at(20 * kDay + 1ms).messages == 2);  // the newest stays
    CHECK(at(30 * kDay + 1h).challenges == 0);
    CHECK(at(30 * kDay + 1h + 1ms).challenges == 1);
    CHECK(at(180 * kDay).decisions == 0);
    CHECK(at(180 * kDay + 1ms).decisions == 1);
    CHECK(at((90 + 365) * kDay).certificates == 0);
    CHECK(at((90 + 365) * kDay + 1ms).certificates == 1);
    CHECK(fixture.store.list_transactions({}, {})->items.empty());
    CHECK(fixture.audited("retention").size() == 4);
}

TEST_CASE("many go in batches, and each batch is audited with what it removed") {
    Fixture fixture;
    for (unsigned number = 1; number <= 25; ++number)
        post(fixture.store, sample_challenge(number));
    fixture.config.batch = 10;
    const auto job = fixture.make();
    fixture.clock.pass(31 * kDay);
    CHECK(run(*job).purged.challenges == 25);
    const auto records = fixture.audited("retention");
    REQUIRE(records.size() == 3);
    CHECK(fact(records[0], "challenges") == "10");
    CHECK(fact(records[2], "challenges") == "5");
    CHECK(records[0].outcome == "permit");
    CHECK(run(*job).purged.total() == 0);
    CHECK(fixture.audited("retention").size() == 3);
}

TEST_CASE("switched off, nothing is removed, but an unconfirmed request is marked") {
    Fixture fixture;
    fill(fixture);
    post(fixture.store, sample_challenge(4));
    decide(fixture.store, commit_of(sample_yes(4, sample_challenge(4)), 4));
    fixture.config.purge = false;
    const auto job = fixture.make();
    fixture.clock.pass(24h);
    CHECK(run(*job).unconfirmed == 0);
    fixture.clock.pass(1000 * kDay);
    const auto outcome = run(*job);
    CHECK(outcome.unconfirmed == 1);
    CHECK(outcome.purged.total() == 0);
    CHECK(state_of(fixture.store, sample_challenge(4)) == ChallengeState::unconfirmed);
    CHECK(fixture.audited("unconfirmed").size() == 1);
    const auto lines = fixture.log.lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].text == "No Notify came for a verified request");
    CHECK(lines[0].transaction_id == "transaction-4");
}

TEST_CASE("while the clock is in doubt nothing is touched, and log and audit say so once") {
    const auto step =
        GENERATE(std::chrono::milliseconds(-1h), std::chrono::milliseconds(4000 * kDay));
    Fixture fixture;
    fill(fixture);
    post(fixture.store, sample_challenge(4));
    decide(fixture.store, commit_of(sample_yes(4, sample_challenge(4)), 4));
    const auto job = fixture.make();
    fixture.clock.pass(40 * kDay);
    fixture.clock.step(step);
    CHECK(run(*job).refused);
    CHECK(run(*job).refused);
    CHECK(state_of(fixture.store, sample_challenge(3)) == ChallengeState::issued);
    CHECK(state_of(fixture.store, sample_challenge(4)) == ChallengeState::reserved);
    REQUIRE(fixture.log.lines().size() == 1);
    CHECK(fixture.log.lines()[0].severity == ndes::Severity::error);
    CHECK(fixture.log.all().find("Nothing is purged, for the clock ") == 0);
    const auto refused = fixture.audited("retention-clock");
    REQUIRE(refused.size() == 1);
    CHECK(refused[0].outcome == "deny");
    CHECK(fact(refused[0], "doubt").find("the clock") == 0);

    fixture.clock.step(-step);
    CHECK_FALSE(run(*job).refused);
    CHECK(fixture.audited("retention-clock").size() == 2);
    CHECK_FALSE(fixture.store.find_challenge(sample_challenge(3).id)->has_value());
}

TEST_CASE("a clock far ahead of the last record at the start is in doubt as well") {
    Fixture fixture;
    fill(fixture);
    fixture.clock.pass(4000 * kDay);
    const auto job = fixture.make();
    // What this process records at its start is no proof of the time.
    auto start = sample_audit("start");
    start.time = fixture.clock.now();
    REQUIRE(fixture.store.append_audit(start));
    CHECK(run(*job).refused);
    CHECK_FALSE(run(*fixture.make()).refused);  // started again: the operator's word
}

TEST_CASE("its thread runs by itself, and ends at once when it is not wanted any more") {
    Fixture fixture;
    post(fixture.store, sample_challenge(1));
    fixture.config.interval = 1ms;
    fixture.clock.pass(6 * kDay);
    auto job = fixture.make();
    fixture.clock.pass(31 * kDay);
    job->start();
    for (int i = 0; i < 5000 && fixture.store.find_challenge(sample_challenge(1).id)->has_value();
         ++i)
        std::this_thread::sleep_for(1ms);
    CHECK_FALSE(fixture.store.find_challenge(sample_challenge(1).id)->has_value());
    job.reset();

    fixture.config.interval = 24h;
    job = fixture.make();
    job->start();
    const auto begun = std::chrono::steady_clock::now();
    job.reset();
    CHECK(std::chrono::steady_clock::now() - begun < 10s);
}
