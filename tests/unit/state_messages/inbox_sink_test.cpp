#include "crp-service/state_messages/inbox_sink.h"

#include <fstream>
#include <sstream>

#include "crp-service/state_messages/smx.h"
#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"
#include "tests/support/recording_log.h"

using ndes::ErrorCode;
using ndes::crp::InboxSink;
using ndes::crp::StateMessage;
using ndes::test::RecordingLog;
using ndes::test::TemporaryFolder;

namespace {

std::vector<StateMessage> samples(int count) {
    std::vector<StateMessage> messages(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        auto& message = messages[static_cast<std::size_t>(i)];
        message.id = "id-" + std::to_string(i);
        message.transaction_id = "T" + std::to_string(i);
    }
    return messages;
}

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::size_t count_files(const std::filesystem::path& folder) {
    const std::filesystem::directory_iterator files(folder);
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

TEST_CASE("each message is one whole file named by its ID, and is logged") {
    const TemporaryFolder folder;
    RecordingLog log;
    InboxSink sink(folder.path(), nullptr, ndes::system_clock(), log);
    const int count = GENERATE(1, 3);
    const auto messages = samples(count);
    for (const auto& result : sink.deliver(messages))
        CHECK(result);
    CHECK(count_files(folder.path()) == messages.size());
    for (const auto& message : messages) {
        const auto path = folder / (message.id + ".SMX");
        CHECK(contents(path) == ndes::as_text(ndes::crp::to_smx(message)));
        CHECK(log.all().find("StateMessage " + path.string() + " is dropped.") !=
              std::string::npos);
    }
    REQUIRE(log.lines().size() == messages.size());
    CHECK(log.lines()[0].transaction_id == "T0");
}

TEST_CASE("a message delivered again overwrites its own file") {
    const TemporaryFolder folder;
    RecordingLog log;
    InboxSink sink(folder.path(), nullptr, ndes::system_clock(), log);
    auto messages = samples(2);
    REQUIRE(sink.deliver(messages)[0]);
    messages[0].reason = "changed";
    REQUIRE(sink.deliver(messages)[0]);
    CHECK(count_files(folder.path()) == 2);
    CHECK(contents(folder / "id-0.SMX") == ndes::as_text(ndes::crp::to_smx(messages[0])));
}

TEST_CASE("what a crash left under a temporary name is used up") {
    const TemporaryFolder folder;
    RecordingLog log;
    InboxSink sink(folder.path(), nullptr, ndes::system_clock(), log);
    std::ofstream(folder / ".id-0.tmp") << std::string(100'000, 'x');
    REQUIRE(sink.deliver(samples(1))[0]);
    CHECK(count_files(folder.path()) == 1);
    CHECK(contents(folder / "id-0.SMX") == ndes::as_text(ndes::crp::to_smx(samples(1)[0])));
}

TEST_CASE("a missing inbox is reported for every message, and used as soon as it is there") {
    const TemporaryFolder folder;
    RecordingLog log;
    InboxSink sink(folder / "inbox", nullptr, ndes::system_clock(), log);
    for (const auto& result : sink.deliver(samples(3))) {
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::storage);
        CHECK(result.error().text.find("inbox") != std::string::npos);
    }
    CHECK(log.lines().empty());
    std::filesystem::create_directory(folder / "inbox");
    for (const auto& result : sink.deliver(samples(3)))
        CHECK(result);
    CHECK(count_files(folder / "inbox") == 3);
}

TEST_CASE("an inbox that cannot be written to keeps nothing half done") {
    const TemporaryFolder folder;
    RecordingLog log;
    // A file where the folder should be: refuses root as well, whom permissions do not stop.
    std::ofstream(folder / "inbox") << "x";
    InboxSink sink(folder / "inbox", nullptr, ndes::system_clock(), log);
    CHECK(sink.deliver(samples(1))[0].error().code == ErrorCode::storage);
    // A folder in the place of one message's file: that one fails, the other arrives.
    std::filesystem::remove(folder / "inbox");
    std::filesystem::create_directories(folder / "inbox" / "id-0.SMX" / "in the way");
    const auto results = sink.deliver(samples(2));
    CHECK_FALSE(results[0]);
    CHECK(results[1]);
    CHECK(std::filesystem::is_regular_file(folder / "inbox" / "id-1.SMX"));
}

TEST_CASE("a link in the place of a temporary file is not followed") {
    const TemporaryFolder folder;
    RecordingLog log;
    std::filesystem::create_directory(folder / "inbox");
    std::ofstream(folder / "precious") << "precious";
    std::filesystem::create_symlink(folder / "precious", folder / "inbox" / ".id-0.tmp");
    InboxSink sink(folder / "inbox", nullptr, ndes::system_clock(), log);
    CHECK_FALSE(sink.deliver(samples(1))[0]);
    CHECK(contents(folder / "precious") == "precious");
}

TEST_CASE("an ID that is no file name fails alone") {
    const TemporaryFolder folder;
    RecordingLog log;
    InboxSink sink(folder.path(), nullptr, ndes::system_clock(), log);
    auto messages = samples(2);
    messages[0].id = GENERATE(std::string(), std::string("../x"), std::string("a/b"),
                              std::string("a.b"), std::string(65, 'a'), std::string("a\0b", 3));
    const auto results = sink.deliver(messages);
    REQUIRE_FALSE(results[0]);
    CHECK(results[0].error().code == ErrorCode::bad_request);
    CHECK(results[1]);
    CHECK(count_files(folder.path()) == 1);
}
