// The journal under kill -9: what was acknowledged is there, and it opens by itself.
#include <csignal>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

#include "common/crypto/digest.h"
#include "scep-server/journal/journal.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/lab.h"

using namespace ndes;
using namespace ndes::scep;

namespace {

constexpr int kRounds = 25;

IssuedEntry entry_number(std::uint32_t number) {
    const std::string name = std::to_string(number);
    return {{"tx" + name, sha256_hex(as_bytes(name)), ""}, "d", {{0x30, 0x00}}, from_unix_ms(1)};
}

// Records for ever; tells each number over the pipe once it is durable.
[[noreturn]] void record_until_killed(const std::filesystem::path& path, std::uint32_t first,
                                      int tell) {
    const test::FakeClock clock;
    auto journal = Journal::open(path, true, clock);
    if (!journal) ::_exit(1);
    for (std::uint32_t number = first;; ++number) {
        PendingNotify notify;
        notify.transaction_id = "tx" + std::to_string(number);
        if (!(*journal)->record_issued(entry_number(number), notify, WallTime{})) ::_exit(2);
        if (::write(tell, &number, sizeof number) != sizeof number) ::_exit(3);
    }
}

}  // namespace

TEST_CASE("kill -9 loses nothing that was acknowledged, and leaves both rows or none") {
    const test::TemporaryFolder folder;
    const test::FakeClock clock;
    const auto path = folder / "j.db";
    std::uint32_t next = 0;
    std::set<std::uint32_t> acknowledged;
    for (int round = 0; round < kRounds; ++round) {
        int ends[2];
        REQUIRE(::pipe(ends) == 0);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(ends[0]);
            record_until_killed(path, next, ends[1]);
        }
        ::close(ends[1]);
        // A different number of commits in each round; the first is killed while it may still be
        // making the file.
        std::uint32_t number = 0;
        for (int heard = 0; heard < round % 7; ++heard) {
            REQUIRE(::read(ends[0], &number, sizeof number) == sizeof number);
            acknowledged.insert(number);
        }
        ::kill(child, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFSIGNALED(status));
        while (::read(ends[0], &number, sizeof number) == sizeof number)
            acknowledged.insert(number);
        ::close(ends[0]);
        next += 100000;
    }
    auto journal = Journal::open(path, true, clock);
    REQUIRE(journal);
    for (const std::uint32_t number : acknowledged) {
        auto found = (*journal)->find_issued(entry_number(number).key);
        REQUIRE(found);
        CHECK(found->has_value());
    }
    // Each certificate that is there has its Notify: they were recorded together.
    const auto pending = (*journal)->notifies().due(1000000);
    REQUIRE(pending);
    CHECK(pending->size() >= acknowledged.size());
    for (const PendingNotify& notify : *pending)
        CHECK(notify.certificate == Bytes{0x30, 0x00});
}
