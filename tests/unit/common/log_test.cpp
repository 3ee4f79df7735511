#include "common/logging/log.h"

#include <array>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/file.h"
#include "common/file_descriptor.h"
#include "common/logging/cmtrace.h"
#include "common/strict_json.h"
#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"
#include "tests/unit/common/fakes.h"

using namespace ndes;
namespace fs = std::filesystem;

namespace {

// Standard output goes to `target` while this lives; Catch2's own output must wait until then.
class StandardOutputTo {
  public:
    explicit StandardOutputTo(int target) : before_(::dup(STDOUT_FILENO)) {
        ::dup2(target, STDOUT_FILENO);
    }
    StandardOutputTo(const StandardOutputTo&) = delete;
    StandardOutputTo& operator=(const StandardOutputTo&) = delete;
    ~StandardOutputTo() { ::dup2(before_.get(), STDOUT_FILENO); }

  private:
    FileDescriptor before_;
};

std::unique_ptr<Log> open_with_output(const LogOptions& options, const Clock& clock, int target) {
    const StandardOutputTo redirected(target);
    return std::move(open_log(options, clock).value());
}

FileDescriptor create(const fs::path& path) {
    return FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

std::vector<std::string> lines_in(const fs::path& path) {
    return lines_of(read_file(path, std::size_t{1} << 26).value());
}

LogOptions options_for(const fs::path& cmtrace_file) {
    return {"crpd", "CertificateRegistrationPoint", cmtrace_file, Severity::info, true};
}

const test::FakeClock kClock("2026-11-20T13:35:00.123Z");

}  // namespace

TEST_CASE("one call writes a JSON line and a CMTrace line") {
    const test::TemporaryFolder folder;
    const FileDescriptor out = create(folder / "out");
    auto log = open_with_output(options_for(folder / "CRP.log"), kClock, out.get());
    const auto here = std::source_location::current();
    log->write(Severity::warning, "VerifyRequest \"x\"\nStarted.",
               {{"transaction_id", "T1"}, {"reason", "a\x1B"}}, here);
    log->flush();

    const auto json_lines = lines_in(folder / "out");
    REQUIRE(json_lines.size() == 1);
    const Json json = parse_json(json_lines[0]).value();
    CHECK(json["time"] == "2026-11-20T13:35:00.123Z");
    CHECK(json["severity"] == "warning");
    CHECK(json["program"] == "crpd");
    CHECK(json["message"] == "VerifyRequest \"x\"\nStarted.");
    CHECK(json["file"] == "log_test.cpp");
    CHECK(json["line"] == here.line());
    CHECK(json["transaction_id"] == "T1");
    CHECK(json["reason"] == "a\x1B");
    CHECK(json.size() == 8);

    const auto cmtrace_lines = lines_in(folder / "CRP.log");
    REQUIRE(cmtrace_lines.size() == 1);
    const auto record = parse_cmtrace(cmtrace_lines[0]).value();
    CHECK(record.text == "VerifyRequest \"x\"\nStarted.");
    CHECK(record.time == kClock.now());
    CHECK(record.component == "CertificateRegistrationPoint");
    CHECK(record.type == 2);
    CHECK(record.thread == static_cast<unsigned long>(::gettid()));
    CHECK(record.file == "log_test.cpp:" + std::to_string(here.line()));
    CHECK(record.context == "T1");
}

TEST_CASE("an event of a module stands under the module's own place") {
    const test::TemporaryFolder folder;
    const FileDescriptor out = create(folder / "out");
    auto log = open_with_output(options_for(folder / "log"), kClock, out.get());
    log->write_at(Severity::info, "Calling Initialize...", {}, "/src/ndesplugin.cpp", 646);
    log->flush();
    CHECK(parse_cmtrace(lines_in(folder / "log").at(0)).value().file == "ndesplugin.cpp:646");
    CHECK(parse_json(lines_in(folder / "out").at(0)).value()["file"] == "ndesplugin.cpp");
}

TEST_CASE("a note goes to standard output alone, and the level filters both") {
    const test::TemporaryFolder folder;
    const FileDescriptor out = create(folder / "out");
    LogOptions options = options_for(folder / "log");
    options.least = Severity::warning;
    auto log = open_with_output(options, kClock, out.get());
    log->write(Severity::info, "too small");
    log->note(Severity::info, "too small");
    log->note(Severity::error, "noted");
    log->write(Severity::error, "written");
    log->flush();
    CHECK(lines_in(folder / "out").size() == 2);
    REQUIRE(lines_in(folder / "log").size() == 1);
    CHECK(parse_cmtrace(lines_in(folder / "log")[0]).value().type == 3);
}

TEST_CASE("each output can be left out") {
    const test::TemporaryFolder folder;
    const FileDescriptor out = create(folder / "out");
    LogOptions options = options_for(folder / "log");
    options.to_stdout = false;
    auto file_only = open_with_output(options, kClock, out.get());
    file_only->write(Severity::info, "text");
    file_only->note(Severity::info, "note");
    file_only->flush();
    CHECK(lines_in(folder / "log").size() == 1);
    CHECK(lines_in(folder / "out").empty());
    auto stdout_only = open_with_output(options_for({}), kClock, out.get());
    stdout_only->write(Severity::info, "text");
    stdout_only->reopen();
    stdout_only->flush();
    CHECK(lines_in(folder / "out").size() == 1);
}

TEST_CASE("a file that cannot be opened is named") {
    const test::TemporaryFolder folder;
    const auto log = open_log(options_for(folder / "absent" / "CRP.log"), kClock);
    REQUIRE_FALSE(log);
    CHECK(log.error().code == ErrorCode::configuration);
    CHECK(log.error().text.find("absent/CRP.log: No such file") != std::string::npos);
}

TEST_CASE("after rotation and reopen new lines go to the new file") {
    const test::TemporaryFolder folder;
    LogOptions options = options_for(folder / "CRP.log");
    options.to_stdout = false;
    auto log = std::move(open_log(options, kClock).value());
    log->write(Severity::info, "before");
    log->flush();
    fs::rename(folder / "CRP.log", folder / "CRP.log.1");
    log->reopen();
    log->write(Severity::info, "after");
    log->flush();
    CHECK(parse_cmtrace(lines_in(folder / "CRP.log.1").at(0)).value().text == "before");
    REQUIRE(lines_in(folder / "CRP.log").size() == 1);
    CHECK(parse_cmtrace(lines_in(folder / "CRP.log")[0]).value().text == "after");
}

TEST_CASE("a reopen that fails keeps the old file and says so") {
    const test::TemporaryFolder folder;
    const FileDescriptor out = create(folder / "out");
    fs::create_directory(folder / "logs");
    auto log = open_with_output(options_for(folder / "logs" / "CRP.log"), kClock, out.get());
    fs::rename(folder / "logs", folder / "moved");
    log->reopen();
    log->write(Severity::info, "after");
    log->flush();
    CHECK(lines_in(folder / "moved" / "CRP.log").size() == 1);
    CHECK(lines_in(folder / "out").at(0).find("cannot open log file") != std::string::npos);
}

TEST_CASE("lines of many threads stay whole, and the destructor writes the last") {
    const test::TemporaryFolder folder;
    const FileDescriptor out = create(folder / "out");
    constexpr int kThreads = 4, kLines = 2000;
    {
        auto log = open_with_output(options_for(folder / "log"), kClock, out.get());
        std::vector<std::thread> threads;
        for (int t = 0; t < kThreads; ++t) {
            threads.emplace_back([&log, t] {
                for (int i = 0; i < kLines; ++i) {
                    log->write(Severity::info, std::to_string(t) + ":" + std::to_string(i));
                    if (i % 500 == 0) log->flush();
                }
            });
        }
        for (std::thread& thread : threads)
            thread.join();
    }
    std::map<std::string, int> next;  // lines of one thread keep their order
    for (const std::string& line : lines_in(folder / "log")) {
        const std::string text = parse_cmtrace(line).value().text;
        const std::size_t colon = text.find(':');
        REQUIRE(next[text.substr(0, colon)]++ == std::stoi(text.substr(colon + 1)));
    }
    CHECK(next.size() == kThreads);
    for (const auto& [thread, count] : next)
        CHECK(count == kLines);
    CHECK(lines_in(folder / "out").size() == kThreads * kLines);
}

TEST_CASE("a line leaves by itself, without a flush") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const FileDescriptor reader(ends[0]);
    FileDescriptor writer(ends[1]);
    auto log = open_with_output(options_for({}), kClock, writer.get());
    log->write(Severity::info, "alone");
    std::array<char, 512> buffer{};
    CHECK(::read(reader.get(), buffer.data(), buffer.size()) > 0);  // or CTest's time limit
}

TEST_CASE("a full disk loses lines of its own output and holds nobody") {
    const test::TemporaryFolder folder;
    const FileDescriptor out = create(folder / "out");
    auto log = open_with_output(options_for("/dev/full"), kClock, out.get());
    log->write(Severity::info, "one");
    log->flush();
    log->write(Severity::info, "two");
    log->flush();
    CHECK(lines_in(folder / "out").size() == 2);
}

TEST_CASE("a reader that stalls costs lines; how many is told, and the rest stay whole") {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    const FileDescriptor reader(ends[0]);
    FileDescriptor writer(ends[1]);
    auto log = open_with_output(options_for({}), kClock, writer.get());
    writer.reset();
    constexpr std::uint64_t kLines = 60'000;  // about 9 MB: over what is held
    for (std::uint64_t i = 0; i < kLines; ++i)
        log->write(Severity::info, "a line that nobody reads");
    log->flush();  // returns although the pipe is full

    std::string read;
    std::thread draining([&read, &reader] {
        std::array<char, 65536> buffer{};
        ::ssize_t count = 0;
        while ((count = ::read(reader.get(), buffer.data(), buffer.size())) > 0)
            read.append(buffer.data(), static_cast<std::size_t>(count));
    });
    log->write(Severity::info, "the reader is back");
    log.reset();
    draining.join();

    std::uint64_t events = 0, dropped = 0, stumps = 0;
    for (const std::string& line : lines_of(read)) {
        const auto json = parse_json(line);
        if (!json) {
            ++stumps;  // where the writer gave up within a line
            continue;
        }
        const std::string message = (*json)["message"];
        const std::size_t notice = message.find(" log lines were dropped");
        if (notice == std::string::npos) {
            ++events;
        } else {
            dropped += std::stoull(message.substr(0, notice));
        }
    }
    CHECK(dropped > 0);
    CHECK(events + dropped == kLines + 1);
    CHECK(stumps <= 1);
    CHECK(read.find("the reader is back") != std::string::npos);
}

namespace {

// What listens in journald's place.
class StandInJournal {
  public:
    explicit StandInJournal(const fs::path& path)
        : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        ::sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.string().copy(address.sun_path, sizeof address.sun_path - 1);
        REQUIRE(::bind(fd_.get(), reinterpret_cast<const ::sockaddr*>(&address), sizeof address) ==
                0);
    }
    // The next record's lines; none when there is none.
    std::vector<std::string> take() const {
        std::array<char, 65536> octets{};
        const ::ssize_t size = ::recv(fd_.get(), octets.data(), octets.size(), 0);
        return size < 0 ? std::vector<std::string>()
                        : lines_of(std::string(octets.data(), static_cast<std::size_t>(size)));
    }

  private:
    FileDescriptor fd_;
};

// $JOURNAL_STREAM as systemd sets it for a unit whose output is `fd`.
class JournalStream {
  public:
    explicit JournalStream(int fd) {
        struct ::stat facts {};
        REQUIRE(::fstat(fd, &facts) == 0);
        ::setenv("JOURNAL_STREAM",
                 (std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino)).c_str(), 1);
    }
    JournalStream(const JournalStream&) = delete;
    JournalStream& operator=(const JournalStream&) = delete;
    ~JournalStream() { ::unsetenv("JOURNAL_STREAM"); }
};

}  // namespace

TEST_CASE("where standard output leads to the journal, events are records with fields there") {
    const test::TemporaryFolder folder;
    const StandInJournal journal(folder / "socket");
    const FileDescriptor out = create(folder / "out");
    const JournalStream stream(out.get());
    LogOptions options = options_for(folder / "CRP.log");
    options.journal_socket = folder / "socket";
    auto log = open_with_output(options, kClock, out.get());
    const auto here = std::source_location::current();
    log->write(Severity::warning, "two\nlines", {{"transaction_id", "T1\nPRIORITY=0"}, {"a.b", ""}},
               here);
    log->note(Severity::error, "noted");
    log->flush();
    CHECK(journal.take() ==
          std::vector<std::string>{"MESSAGE=two\\x0Alines", "PRIORITY=4", "SYSLOG_IDENTIFIER=crpd",
                                   "CODE_FILE=log_test.cpp",
                                   "CODE_LINE=" + std::to_string(here.line()),
                                   "NDES_TRANSACTION_ID=T1\\x0APRIORITY=0", "NDES_A_B="});
    CHECK(journal.take().at(1) == "PRIORITY=3");
    CHECK(journal.take().empty());
    CHECK(lines_in(folder / "out").empty());
    CHECK(lines_in(folder / "CRP.log").size() == 1);
}

TEST_CASE("events are lines of JSON where output leads elsewhere, or nobody listens") {
    const test::TemporaryFolder folder;
    const FileDescriptor out = create(folder / "out");
    LogOptions options = options_for({});
    options.journal_socket = folder / "socket";
    {
        const JournalStream stream(out.get());
        auto log = open_with_output(options, kClock, out.get());
        log->note(Severity::info, "nobody listens");
    }
    const StandInJournal journal(folder / "socket");
    const FileDescriptor other = create(folder / "other");
    const JournalStream stream(other.get());
    auto log = open_with_output(options, kClock, out.get());
    log->note(Severity::info, "elsewhere");
    log->flush();
    CHECK(lines_in(folder / "out").size() == 2);
    CHECK(journal.take().empty());
}

namespace {

// A log whose standard output leads to `socket`, as far as it can tell.
struct JournaledLog {
    explicit JournaledLog(const test::TemporaryFolder& folder)
        : out(create(folder / "out")), stream(out.get()) {
        LogOptions options = options_for({});
        options.journal_socket = folder / "socket";
        log = open_with_output(options, kClock, out.get());
    }
    FileDescriptor out;
    JournalStream stream;
    std::unique_ptr<Log> log;
};

}  // namespace

TEST_CASE("a journal whose socket was made anew gets what comes after") {
    const test::TemporaryFolder folder;
    auto journal = std::make_unique<StandInJournal>(folder / "socket");
    JournaledLog journaled(folder);
    journal.reset();
    fs::remove(folder / "socket");
    journaled.log->note(Severity::info, "to nobody");
    journaled.log->flush();
    journal = std::make_unique<StandInJournal>(folder / "socket");
    journaled.log->note(Severity::info, "to its successor");
    journaled.log->flush();
    std::vector<std::string> messages;
    for (auto record = journal->take(); !record.empty(); record = journal->take())
        messages.push_back(record.front());
    CHECK(std::ranges::find(messages, "MESSAGE=to its successor") != messages.end());
}

TEST_CASE("a journal that takes nothing holds the log up once, not for each record") {
    const test::TemporaryFolder folder;
    const StandInJournal journal(folder / "socket");
    JournaledLog journaled(folder);
    constexpr int kMoreThanAnyQueue = 5'000;
    for (int i = 0; i < kMoreThanAnyQueue; ++i)
        journaled.log->note(Severity::info, "event");
    const auto before = std::chrono::steady_clock::now();
    journaled.log->flush();
    CHECK(std::chrono::steady_clock::now() - before < std::chrono::minutes(1));
    CHECK_FALSE(journal.take().empty());
}
