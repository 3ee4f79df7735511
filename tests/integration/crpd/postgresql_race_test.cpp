// Two crpd on one PostgreSQL database: 10,000 challenges, each sent to both at the same moment in
// two different requests. One is permitted; the other is told ChallengeReplayed.
#include <barrier>
#include <thread>

#include "tests/catch.h"
#include "tests/integration/crpd/postgresql_lab.h"
#include "tests/support/scep_client.h"

using namespace ndes::test;

namespace {

constexpr std::size_t kRaces = 10'000;
constexpr std::size_t kPairs = 8;
constexpr std::chrono::seconds kMost{120};  // release build

struct Tally {
    std::atomic<int> winners{0};
    std::atomic<int> replayed{0};
    std::atomic<int> wrong{0};  // answers that are neither, or not one of each
    std::array<std::atomic<int>, 2> wins_of_node{};
};

// One half of a pair: every kPairs-th race on one connection to one node.
class Racer {
  public:
    Racer(PostgresqlLab& lab, std::size_t node)
        : node_(node), client_(lab.connect(node)), key_(make_ec_key()) {}

    // 1: permitted, 0: ChallengeReplayed, -1: anything else.
    int race(const std::string& challenge, std::size_t number, std::barrier<>& both) {
        const ndes::Json body = CrpdLab::verify_body(
            challenge, "race-" + std::to_string(number) + "-" + std::to_string(node_), key_.get());
        both.arrive_and_wait();
        const Answer answer = CrpdLab::exchange(*client_, "POST", kVerifyPath, body);
        if (answer.status != 201 || !answer.json.is_object()) return -1;
        if (answer.json.value("verified", false)) return 1;
        return answer.reason() == "ChallengeReplayed" ? 0 : -1;
    }

  private:
    std::size_t node_;
    std::unique_ptr<RawClient> client_;
    ndes::EvpPkeyPtr key_;
};

void run_pair(PostgresqlLab& lab, const std::vector<std::string>& challenges, std::size_t pair,
              Tally& tally) {
    std::barrier both(2);
    std::array<int, 2> result{};
    const auto half = [&](std::size_t node) {
        Racer racer(lab, node);
        for (std::size_t i = pair; i < challenges.size(); i += kPairs) {
            result[node] = racer.race(challenges[i], i, both);
            tally.wins_of_node[node] += result[node] == 1 ? 1 : 0;
            both.arrive_and_wait();
            if (node != 0) continue;
            tally.winners += (result[0] == 1) + (result[1] == 1);
            tally.replayed += (result[0] == 0) + (result[1] == 0);
            tally.wrong += result[0] + result[1] == 1 ? 0 : 1;
        }
    };
    std::thread other(half, 1);
    half(0);
    other.join();
}

}  // namespace

TEST_CASE("two crpd race for 10,000 challenges and each has one winner") {
    PostgresqlLab lab;
    const std::vector<std::string> challenges = lab.new_challenges(kRaces);
    Tally tally;
    const auto begin = std::chrono::steady_clock::now();
    std::vector<std::thread> pairs;
    for (std::size_t pair = 0; pair < kPairs; ++pair)
        pairs.emplace_back([&, pair] { run_pair(lab, challenges, pair, tally); });
    for (std::thread& pair : pairs)
        pair.join();
    const auto took = std::chrono::steady_clock::now() - begin;
    WARN("10,000 races took " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
                              << " ms; node a won " << tally.wins_of_node[0] << ", node b "
                              << tally.wins_of_node[1]);
    CHECK(tally.wrong == 0);
    CHECK(tally.winners == static_cast<int>(kRaces));
    CHECK(tally.replayed == static_cast<int>(kRaces));
    CHECK(tally.wins_of_node[0] > 0);
    CHECK(tally.wins_of_node[1] > 0);
#ifdef NDEBUG
    CHECK(took < kMost);
#endif
    CHECK(lab.query("SELECT count(*) FROM decision WHERE verified") == std::to_string(kRaces));
    CHECK(lab.query("SELECT count(DISTINCT challenge_id) FROM decision WHERE verified") ==
          std::to_string(kRaces));
    CHECK(run_program({program("crpctl"), "audit", "verify", "--config", lab.crpd.config()},
                      lab.crpd.output()) == 0);
}
