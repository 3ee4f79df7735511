// Guarantee G1 of the SQLite store: a process that is killed while many threads write loses no
// acknowledged write, and what it leaves is whole. The writer is this program, run again.
#include <cstdlib>
#include <set>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/file_descriptor.h"
#include "common/sqlite/database.h"
#include "crp-service/store/store_factory.h"
#include "tests/contracts/store_contract.h"
#include "tests/contracts/temporary_folder.h"

using namespace ndes::test;
using ndes::FileDescriptor;
using ndes::crp::ChallengeState;
using ndes::crp::StoreOptions;
using ndes::crp::TransactionState;
using Kind = ndes::crp::DecisionOutcome::Kind;

namespace {

constexpr unsigned kRounds = 50;
constexpr unsigned kThreads = 4;
constexpr int kAcknowledgements = 3;  // the descriptor on which the writer tells

StoreOptions options_for(const std::filesystem::path& path) {
    return {.kind = "sqlite", .path = path, .readers = 2};
}

void acknowledge(char what, unsigned number) {
    const std::string line = what + std::to_string(number) + "\n";  // one write: never torn
    if (::write(kAcknowledgements, line.data(), line.size()) < 0) ::_exit(1);
}

// Enrols without end: challenge, yes, certificate; tells each step when it has returned.
void write_until_killed(ndes::crp::Store& store, unsigned first) {
    for (unsigned number = first;; ++number) {
        const auto challenge = sample_challenge(number);
        ndes::crp::ChallengeBatch batch;
        batch.challenges = {challenge};
        batch.now = noon();
        if (!store.add_challenges(batch, sample_audit("post-challenges"))) ::_exit(1);
        const auto yes = sample_yes(number, challenge);
        auto outcome = store.commit_decision(commit_of(yes, number));
        if (!outcome || outcome->kind != Kind::committed) ::_exit(1);
        acknowledge('d', number);
        auto notified =
            store.commit_notify(issued(yes, sample_certificate(number, yes), number + 500'000'000));
        if (!notified) ::_exit(1);
        acknowledge('n', number);
    }
}

struct Child {
    ::pid_t pid = -1;
    FileDescriptor acknowledgements;
};

Child start_writer(const std::filesystem::path& database, unsigned round) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const std::string round_text = std::to_string(round);
    const ::pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(ends[1], kAcknowledgements);
        ::setenv("NDES_CRASH_DATABASE", database.c_str(), 1);
        ::setenv("NDES_CRASH_ROUND", round_text.c_str(), 1);
        ::execl("/proc/self/exe", "store_contract_test", "[crash-writer]", nullptr);
        ::_exit(127);
    }
    REQUIRE(pid > 0);
    ::close(ends[1]);
    return {pid, FileDescriptor(ends[0])};
}

// Kills the writer after so many octets of acknowledgements; everything it told.
std::string kill_after(Child child, std::size_t octets) {
    std::string told;
    bool killed = false;
    while (true) {
        ::pollfd wait{child.acknowledgements.get(), POLLIN, 0};
        const bool ready = ::poll(&wait, 1, 30'000) > 0;
        if (!killed && (!ready || told.size() >= octets)) {
            ::kill(child.pid, SIGKILL);
            killed = true;
        }
        char buffer[4096];
        const auto count = ::read(child.acknowledgements.get(), buffer, sizeof(buffer));
        if (count <= 0) break;
        told.append(buffer, static_cast<std::size_t>(count));
    }
    int status = 0;
    REQUIRE(::waitpid(child.pid, &status, 0) == child.pid);
    REQUIRE(WIFSIGNALED(status));
    return told;
}

// Every acknowledged step is there.
void check_acknowledged(ndes::crp::Store& store, const std::string& told) {
    int missing = 0;
    std::istringstream lines(told);
    for (std::string line; std::getline(lines, line);) {
        const std::string number = line.substr(1);
        auto transaction = store.find_transaction("transaction-" + number);
        if (!transaction || !*transaction || !(*transaction)->decision.verified) {
            ++missing;
            continue;
        }
        if (line[0] != 'n') continue;
        auto certificate = store.find_certificate("certificate-" + number);
        const bool recorded = certificate && *certificate;
        if (!recorded || (*transaction)->state != TransactionState::issued) ++missing;
    }
    CHECK(missing == 0);
}

// Nothing is half there: decisions, challenges, messages and audit records fit each other.
void check_whole(const std::filesystem::path& path) {
    auto database = ndes::sqlite::Database::open(path, ndes::sqlite::OpenMode::read_only);
    REQUIRE(database);
    const auto count = [&](const char* sql) {
        auto statement = database->prepare(sql);
        REQUIRE(statement);
        REQUIRE(*statement->step());
        return statement->integer(0);
    };
    const auto decisions = count("SELECT count(*) FROM decision");
    const auto certificates = count("SELECT count(*) FROM certificate");
    const auto challenges = count("SELECT count(*) FROM challenge");
    CHECK(count("SELECT count(*) FROM state_message") == decisions + certificates);
    CHECK(count("SELECT count(*) FROM audit") == challenges + decisions + certificates);
    CHECK(count("SELECT count(*) FROM challenge WHERE state <> 'issued'") == decisions);
    CHECK(count("SELECT count(*) FROM challenge WHERE state = 'completed'") == certificates);
    CHECK(count("SELECT count(*) FROM decision WHERE state = 'issued'") == certificates);
}

}  // namespace

TEST_CASE("the writer that is killed", "[.][crash-writer]") {
    const char* path = std::getenv("NDES_CRASH_DATABASE");
    const char* round = std::getenv("NDES_CRASH_ROUND");
    REQUIRE(path != nullptr);
    REQUIRE(round != nullptr);
    auto store = ndes::crp::open_store(options_for(path), ndes::system_clock());
    REQUIRE(store);
    const unsigned first = static_cast<unsigned>(std::strtoul(round, nullptr, 10)) * 1'000'000;
    std::vector<std::thread> writers;
    for (unsigned thread = 0; thread < kThreads; ++thread) {
        writers.emplace_back(
            [&, thread] { write_until_killed(**store, first + thread * 100'000 + 1); });
    }
    for (auto& writer : writers)
        writer.join();
}

TEST_CASE("a killed writer loses no acknowledged write and leaves the audit whole") {
    const TemporaryFolder folder;
    const auto path = folder / "crp.db";
    REQUIRE(ndes::crp::create_store(options_for(path), ndes::system_clock()));
    std::size_t acknowledged = 0;
    for (unsigned round = 1; round <= kRounds; ++round) {
        CAPTURE(round);
        // Killed at a different place each time, from the very beginning on.
        const std::string told = kill_after(start_writer(path, round), (round - 1) * 40);
        acknowledged += told.size();
        auto store = ndes::crp::open_store(options_for(path), ndes::system_clock());
        REQUIRE(store);
        check_acknowledged(**store, told);
        if (round % 10 == 0) audit_length(**store);  // verifies the chain
    }
    CHECK(acknowledged > 10'000);
    check_whole(path);
    CHECK(ndes::crp::check_store(options_for(path)));
}
