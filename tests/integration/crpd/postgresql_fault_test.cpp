// Two crpd on one PostgreSQL database under load; now one of them, now the server is killed with
// kill -9. What was answered is there afterwards, no challenge has two yes, and what runs goes on
// by itself.
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "tests/catch.h"
#include "tests/integration/crpd/postgresql_lab.h"
#include "tests/support/scep_client.h"

using namespace ndes::test;

namespace {

constexpr std::size_t kChallenges = 20'000;
constexpr std::size_t kWorkers = 6;
constexpr int kKills = 14;

// What the callers were told, and how far they are.
struct Told {
    std::mutex mutex;
    std::map<std::string, bool> verdicts;  // by transaction
    std::atomic<std::size_t> next{0};
    std::atomic<std::size_t> answered{0};
    std::atomic<int> unanswered{0};
    std::atomic<int> changed{0};  // a repeated request that was answered otherwise
    std::atomic<bool> stop{false};

    void note(const std::string& transaction, bool verified) {
        ++answered;
        const std::lock_guard guard(mutex);
        const auto [at, is_new] = verdicts.emplace(transaction, verified);
        if (!is_new && at->second != verified) ++changed;
    }
};

// Asks until there is an answer, as the policy module does: the same request, now of one node, now
// of the other.
class Caller {
  public:
    Caller(PostgresqlLab& lab, Told& told) : lab_(lab), told_(told), key_(make_ec_key()) {}

    void enrol(const std::string& challenge, const std::string& transaction, std::size_t node) {
        const ndes::Json body = CrpdLab::verify_body(challenge, transaction, key_.get());
        for (; !told_.stop; node = 1 - node) {
            auto& client = clients_.at(node);
            if (!client) client = lab_.connect(node);
            const Answer answer = CrpdLab::exchange(*client, "POST", kVerifyPath, body);
            if (answer.status == 201 && answer.json.is_object()) {
                return told_.note(transaction, answer.json.value("verified", false));
            }
            ++told_.unanswered;
            client.reset();
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }

  private:
    PostgresqlLab& lab_;
    Told& told_;
    ndes::EvpPkeyPtr key_;
    std::array<std::unique_ptr<RawClient>, 2> clients_;
};

// Every challenge twice, in two requests that differ.
void work(PostgresqlLab& lab, const std::vector<std::string>& challenges, Told& told) {
    Caller first(lab, told);
    Caller second(lab, told);
    while (!told.stop) {
        const std::size_t number = told.next++;
        if (number >= challenges.size()) return;
        const std::string name = "fault-" + std::to_string(number);
        std::thread other([&] { second.enrol(challenges[number], name + "-b", 1); });
        first.enrol(challenges[number], name + "-a", 0);
        other.join();
    }
}

// Comes in the middle of anything: after a number of verdicts, not at a time of its own.
void kill_something(PostgresqlLab& lab, Told& told, std::mt19937& random) {
    const std::size_t goal = told.answered + 50 + random() % 150;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (told.answered < goal && std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto what = random() % 4;
    if (what < 2) {
        lab.kill(what);
        REQUIRE(lab.start(what));
        return;
    }
    lab.cluster.kill();
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 600));
    lab.cluster.start();
}

bool decides_again(PostgresqlLab& lab, std::size_t node, const std::string& challenge) {
    Told told;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    const auto key = make_ec_key();
    const ndes::Json body =
        CrpdLab::verify_body(challenge, "after-" + std::to_string(node), key.get());
    while (std::chrono::steady_clock::now() < end) {
        const auto client = lab.connect(node);
        const Answer answer = CrpdLab::exchange(*client, "POST", kVerifyPath, body);
        if (answer.status == 201) return answer.json.value("verified", false);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
}

// Answered, but not recorded as it was answered.
std::size_t count_missing(PostgresqlLab& lab, const Told& told) {
    std::map<std::string, bool> recorded;
    std::istringstream lines(
        lab.query("SELECT transaction_id, bool_or(verified)::int FROM decision GROUP BY 1"));
    for (std::string line; std::getline(lines, line);) {
        const std::size_t bar = line.find('|');
        if (bar != std::string::npos) recorded[line.substr(0, bar)] = line.back() == '1';
    }
    std::size_t missing = 0;
    for (const auto& [transaction, verified] : told.verdicts) {
        const auto found = recorded.find(transaction);
        if (found == recorded.end() || found->second != verified) ++missing;
    }
    return missing;
}

}  // namespace

TEST_CASE("killed crpd and killed servers lose no answered verdict") {
    PostgresqlLab lab;
    std::vector<std::string> challenges = lab.new_challenges(kChallenges);
    const std::array<std::string, 2> spare{challenges.back(), challenges.front()};
    challenges.pop_back();
    challenges.erase(challenges.begin());
    Told told;
    std::vector<std::thread> workers;
    for (std::size_t i = 0; i < kWorkers; ++i)
        workers.emplace_back([&] { work(lab, challenges, told); });
    std::mt19937 random(std::random_device{}());
    for (int round = 0; round < kKills; ++round)
        kill_something(lab, told, random);
    CHECK(decides_again(lab, 0, spare[0]));
    CHECK(decides_again(lab, 1, spare[1]));
    told.stop = true;
    for (std::thread& worker : workers)
        worker.join();
    WARN(told.verdicts.size() << " verdicts, " << told.unanswered << " calls without an answer");
    CHECK(told.verdicts.size() > 200);
    CHECK(told.changed == 0);
    CHECK(count_missing(lab, told) == 0);
    CHECK(lab.query("SELECT count(*) FROM (SELECT challenge_id FROM decision WHERE verified "
                    "GROUP BY challenge_id HAVING count(*) > 1) AS twice") == "0");
    // Whole: each decision with its message and its audit record.
    CHECK(lab.query("SELECT count(*) FROM state_message") ==
          lab.query("SELECT count(*) FROM decision"));
    CHECK(lab.query("SELECT count(*) FROM audit WHERE event = 'verify'") ==
          lab.query("SELECT count(*) FROM decision"));
    CHECK(run_program({program("crpctl"), "audit", "verify", "--config", lab.crpd.config()},
                      lab.crpd.output()) == 0);
}
