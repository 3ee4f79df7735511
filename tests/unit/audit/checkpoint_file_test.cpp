#include "crp-service/audit/checkpoint_file.h"

#include <csignal>
#include <fstream>

#include <sys/resource.h>

#include "crp-service/audit/audit_lines.h"
#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"

using ndes::crp::append_to_checkpoint_file;
using ndes::crp::AuditCheckpoint;
using ndes::crp::read_checkpoint_file;

namespace {

AuditCheckpoint checkpoint(std::int64_t sequence) {
    AuditCheckpoint one;
    one.sequence = sequence;
    one.hash = std::string(64, 'a');
    one.key_id = "k";
    one.signature = "c2ln";
    return one;
}

std::string sequences(const std::filesystem::path& file) {
    const auto kept = read_checkpoint_file(file);
    INFO((kept ? std::string() : kept.error().text));
    REQUIRE(kept);
    std::string all;
    for (const AuditCheckpoint& one : kept->checkpoints)
        all += std::to_string(one.sequence) + " ";
    return all + "torn " + std::to_string(kept->torn);
}

// As a full disk does: `octets` more fit into any file.
class LittleRoom {
  public:
    explicit LittleRoom(rlim_t octets) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit little{octets, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &little);
    }
    ~LittleRoom() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }
    LittleRoom(const LittleRoom&) = delete;
    LittleRoom& operator=(const LittleRoom&) = delete;

  private:
    void (*handler_)(int);
    rlimit before_{};
};

}  // namespace

TEST_CASE("a checkpoint that finds no room leaves the file as it was") {
    const ndes::test::TemporaryFolder folder;
    const auto file = folder / "checkpoints.jsonl";
    REQUIRE(append_to_checkpoint_file(file, checkpoint(1)));
    const auto size = std::filesystem::file_size(file);
    {
        const LittleRoom room(size + 20);
        const auto done = append_to_checkpoint_file(file, checkpoint(2));
        REQUIRE_FALSE(done);
        CHECK(done.error().code == ndes::ErrorCode::storage);
    }
    CHECK(std::filesystem::file_size(file) == size);
    REQUIRE(append_to_checkpoint_file(file, checkpoint(3)));
    CHECK(sequences(file) == "1 3 torn 0");
}

TEST_CASE("a line that a crash tore spoils neither the next one nor the reading") {
    const ndes::test::TemporaryFolder folder;
    const auto file = folder / "checkpoints.jsonl";
    const std::string whole = to_line(checkpoint(2));
    for (std::size_t left = 14; left < whole.size(); ++left) {
        CAPTURE(left);
        std::filesystem::remove(file);
        REQUIRE(append_to_checkpoint_file(file, checkpoint(1)));
        std::ofstream(file, std::ios::app) << whole.substr(0, left);
        CHECK(sequences(file) == "1 torn 1");
        REQUIRE(append_to_checkpoint_file(file, checkpoint(3)));
        CHECK(sequences(file) == "1 3 torn 1");
    }
}

TEST_CASE("a line that was altered is no torn one") {
    const ndes::test::TemporaryFolder folder;
    const auto file = folder / "checkpoints.jsonl";
    std::string line = to_line(checkpoint(1));
    const std::string kind = GENERATE("bracket", "member", "after");
    if (kind == "bracket") line[20] = '}';
    if (kind == "member") line.replace(line.find("\"hash\""), 6, "\"hush\"");
    if (kind == "after") line += "x";
    std::ofstream(file) << line << "\n";
    const auto kept = read_checkpoint_file(file);
    REQUIRE_FALSE(kept);
    CHECK(kept.error().code == ndes::ErrorCode::conflict);
    CHECK(kept.error().text.find("checkpoints.jsonl:1") != std::string::npos);
}
