#include "crp-service/audit/audit_checkpoint.h"

#include "common/file.h"
#include "tests/catch.h"
#include "tests/contracts/temporary_folder.h"
#include "tests/unit/audit/audit_samples.h"

using ndes::crp::AuditCheckpoint;
using ndes::test::CheckpointKey;

TEST_CASE("the text that is signed is this and stays this") {
    AuditCheckpoint checkpoint;
    checkpoint.node = "a";
    checkpoint.sequence = 7;
    checkpoint.hash = "00ff";
    checkpoint.time = ndes::from_unix_ms(0);
    CHECK(ndes::crp::signed_text(checkpoint) ==
          "ndes-crp audit checkpoint v1\na\n7\n00ff\n1970-01-01T00:00:00.000Z\n");
}

TEST_CASE("a checkpoint is genuine as it was signed and no other way") {
    const CheckpointKey key;
    const AuditCheckpoint checkpoint = key.sign(ndes::test::make_chain(3)[2]);
    CHECK(ndes::crp::is_genuine(checkpoint, key.keys()));
    CHECK_FALSE(ndes::crp::is_genuine(checkpoint, CheckpointKey().keys()));
    CHECK_FALSE(ndes::crp::is_genuine(checkpoint, {}));
    for (int member = 0; member < 5; ++member) {
        AuditCheckpoint changed = checkpoint;
        if (member == 0) changed.node = "b";
        if (member == 1) changed.sequence = 2;
        if (member == 2) changed.hash[0] = changed.hash[0] == '0' ? '1' : '0';
        if (member == 3) changed.time += std::chrono::milliseconds(1);
        if (member == 4) changed.signature = "AAAA";
        CHECK_FALSE(ndes::crp::is_genuine(changed, key.keys()));
    }
}

TEST_CASE("keys for checkpoints are Ed25519 or EC P-256 and nothing else") {
    const ndes::test::TemporaryFolder folder;
    const auto write = [&](const char* name, const std::string& text) {
        REQUIRE(ndes::write_file_durably(folder / name, ndes::as_bytes(text), 0600));
        return folder / name;
    };
    const auto pair = ndes::make_ed25519_pem();
    REQUIRE(pair);
    auto secret = ndes::load_signing_key(write("a.key", pair->private_key));
    auto open = ndes::load_public_key(write("a.pub", pair->public_key));
    REQUIRE(secret);
    REQUIRE(open);
    CHECK(ndes::key_id_of(secret->get()) == ndes::key_id_of(open->get()));
    CHECK(ndes::key_id_of(open->get()).size() == 16);
    const auto signature = ndes::sign(secret->get(), ndes::as_bytes("text"));
    REQUIRE(signature);
    CHECK(ndes::is_signature_of(open->get(), ndes::as_bytes("text"), *signature));
    CHECK_FALSE(ndes::is_signature_of(open->get(), ndes::as_bytes("texts"), *signature));
    CHECK_FALSE(ndes::load_public_key(write("b.pub", "no key")));
    CHECK_FALSE(ndes::load_signing_key(folder / "a.pub"));
}
