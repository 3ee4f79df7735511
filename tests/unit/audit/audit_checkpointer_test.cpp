#include "crp-service/audit/audit_checkpointer.h"

#include <fstream>

#include "crp-service/audit/audit_lines.h"
#include "crp-service/store/memory_store.h"
#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"
#include "tests/support/recording_log.h"
#include "tests/unit/audit/audit_samples.h"

using ndes::crp::AuditCheckpointer;
using ndes::crp::AuditConfig;

namespace {

ndes::EvpPkeyPtr make_key() {
    return ndes::EvpPkeyPtr(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
}

struct Fixture {
    ndes::test::TemporaryFolder folder;
    ndes::crp::MemoryStore store;
    ndes::test::RecordingLog log;
    AuditConfig config;

    void append(int count) {
        for (auto& record : ndes::test::make_chain(count))
            REQUIRE(store.append_audit(std::move(record)));
    }
    std::vector<ndes::crp::AuditCheckpoint> kept() { return *store.list_checkpoints("", 0); }
};

}  // namespace

TEST_CASE("a chain is signed when it has grown enough, and not twice at one place") {
    Fixture fixture;
    auto key = make_key();
    const ndes::crp::PublicKeys keys = {{key.get(), [](EVP_PKEY*) {}}};
    AuditCheckpointer checkpointer(fixture.store, fixture.log, ndes::system_clock(), fixture.config,
                                   std::move(key));
    REQUIRE(checkpointer.sign_chains(1));
    CHECK(fixture.kept().empty());
    fixture.append(4);
    REQUIRE(checkpointer.sign_chains(5));
    CHECK(fixture.kept().empty());
    REQUIRE(checkpointer.sign_chains(1));
    REQUIRE(checkpointer.sign_chains(1));
    REQUIRE(fixture.kept().size() == 1);
    CHECK(fixture.kept()[0].sequence == 4);
    CHECK(ndes::crp::is_genuine(fixture.kept()[0], keys));
}

TEST_CASE("a clean end signs what came last, in the file as well") {
    Fixture fixture;
    fixture.config.checkpoint_file = fixture.folder / "checkpoints.jsonl";
    {
        AuditCheckpointer checkpointer(fixture.store, fixture.log, ndes::system_clock(),
                                       fixture.config, make_key());
        checkpointer.start();
        fixture.append(3);
    }
    REQUIRE_FALSE(fixture.kept().empty());
    CHECK(fixture.kept().back().sequence == 3);
    std::ifstream file(fixture.config.checkpoint_file);
    std::string line;
    std::int64_t last = 0;
    while (std::getline(file, line)) {
        const auto parsed = ndes::crp::parse_audit_line(line);
        REQUIRE(parsed);
        REQUIRE(parsed->checkpoint);
        last = parsed->checkpoint->sequence;
    }
    CHECK(last == 3);
}

TEST_CASE("a file that cannot be written is an error, not a silence") {
    Fixture fixture;
    fixture.config.checkpoint_file = fixture.folder / "none" / "checkpoints.jsonl";
    AuditCheckpointer checkpointer(fixture.store, fixture.log, ndes::system_clock(), fixture.config,
                                   make_key());
    fixture.append(1);
    const auto done = checkpointer.sign_chains(1);
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ndes::ErrorCode::storage);
}
