// Guarantees G1, G2, G4 and G5 under many threads.
#include <atomic>
#include <barrier>

#include "tests/contracts/store_contract.h"

using namespace ndes::test;
using ndes::crp::Challenge;
using ndes::crp::ChallengeBatch;
using ndes::crp::ChallengeState;
using Kind = ndes::crp::DecisionOutcome::Kind;

namespace {

constexpr unsigned kThreads = 16;
constexpr unsigned kRounds = 2000;

void post_all(ndes::crp::Store& store, unsigned count) {
    ChallengeBatch batch;
    for (unsigned i = 0; i < count; ++i)
        batch.challenges.push_back(sample_challenge(i));
    batch.owner = "mdm-1";
    batch.now = noon();
    REQUIRE(store.add_challenges(batch, sample_audit("post-challenges")));
}

template <class Work>
void in_threads(unsigned count, Work work) {
    std::vector<std::thread> threads;
    for (unsigned thread = 0; thread < count; ++thread) {
        threads.emplace_back([&work, thread] { work(thread); });
    }
    for (auto& thread : threads)
        thread.join();
}

}  // namespace

STORE_CONTRACT(sixteen_threads_race_for_each_challenge_and_one_wins) {
    auto& store = fixture.store();
    post_all(store, kRounds);
    std::vector<std::atomic<int>> winners(kRounds);
    std::atomic<int> unexpected{0};
    std::barrier together(kThreads);
    in_threads(kThreads, [&](unsigned thread) {
        for (unsigned round = 0; round < kRounds; ++round) {
            const unsigned number = round * kThreads + thread;
            const auto commit = commit_of(sample_yes(number, sample_challenge(round)), number);
            if (round % 8 == 0) together.arrive_and_wait();
            auto outcome = store.commit_decision(commit);
            if (outcome && outcome->kind == Kind::committed) {
                ++winners[round];
            } else if (!outcome || outcome->kind != Kind::lost ||
                       outcome->challenge_state != ChallengeState::reserved) {
                ++unexpected;
            }
        }
    });
    CHECK(unexpected == 0);
    int rounds_with_one_winner = 0;
    for (const auto& count : winners)
        rounds_with_one_winner += count == 1;
    CHECK(rounds_with_one_winner == static_cast<int>(kRounds));
    // One record for the batch and one for each winner: the losers left nothing.
    CHECK(audit_length(store) == 1 + static_cast<std::int64_t>(kRounds));
}

STORE_CONTRACT(copies_of_one_call_get_one_decision) {
    auto& store = fixture.store();
    post_all(store, 200);
    std::atomic<int> committed{0};
    std::atomic<int> repeated{0};
    std::barrier together(kThreads);
    in_threads(kThreads, [&](unsigned thread) {
        for (unsigned round = 0; round < 200; ++round) {
            auto yes = sample_yes(round, sample_challenge(round));
            yes.id += "-" + std::to_string(thread);
            const auto commit = commit_of(yes, round * kThreads + thread);
            together.arrive_and_wait();
            auto outcome = store.commit_decision(commit);
            if (outcome && outcome->kind == Kind::committed) ++committed;
            if (outcome && outcome->kind == Kind::repeated) ++repeated;
        }
    });
    CHECK(committed == 200);
    CHECK(repeated == 200 * (static_cast<int>(kThreads) - 1));
}

STORE_CONTRACT(a_write_that_returned_is_seen_by_every_reader) {
    auto& store = fixture.store();
    std::atomic<int> missed{0};
    in_threads(8, [&](unsigned thread) {
        for (unsigned i = 0; i < 100; ++i) {
            const unsigned number = thread * 1000 + i;
            const auto no = sample_no(number, sample_challenge(1));
            if (!store.commit_decision(commit_of(no, number))) ++missed;
            auto found = store.find_transaction(no.transaction_id);
            if (!found || !*found) ++missed;
        }
    });
    CHECK(missed == 0);
    CHECK(audit_length(store) == 800);
}

STORE_CONTRACT(refusals_and_successes_side_by_side_keep_the_chain_whole) {
    auto& store = fixture.store();
    std::atomic<int> recorded{0};
    in_threads(8, [&](unsigned thread) {
        for (unsigned i = 0; i < 100; ++i) {
            const unsigned number = thread * 1000 + i;
            // Every second one names a challenge that does not exist and must leave nothing.
            const auto decision = i % 2 == 0 ? sample_no(number, sample_challenge(1))
                                             : sample_yes(number, sample_challenge(1));
            if (store.commit_decision(commit_of(decision, number))) ++recorded;
        }
    });
    CHECK(recorded == 400);
    CHECK(audit_length(store) == 400);
}
