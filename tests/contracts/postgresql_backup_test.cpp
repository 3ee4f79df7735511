// Dumps of the PostgreSQL database and their return.
#include <fstream>

#include "crp-service/store/store_factory.h"
#include "tests/contracts/store_contract.h"
#include "tests/contracts/temporary_folder.h"
#include "tests/support/postgresql_cluster.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

struct Lab {
    TemporaryFolder folder;
    StoreOptions options = postgresql_cluster().fresh_database();
    std::filesystem::path dump = folder / "crp.dump";

    std::unique_ptr<Store> open() {
        auto store = open_store(options, system_clock());
        INFO((store ? std::string() : store.error().text + ": " + store.error().detail));
        REQUIRE(store);
        return std::move(*store);
    }
    Result<Restored> restore(bool replace, bool keep_challenges = false) {
        return restore_store(options, {dump, replace, keep_challenges}, system_clock());
    }
    std::string schemas() {
        return postgresql_cluster().query(
            options, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'crp%' ORDER BY 1");
    }
};

template <class T>
void require_done(const Result<T>& done) {
    INFO((done ? std::string() : done.error().text + ": " + done.error().detail));
    REQUIRE(done);
}

}  // namespace

TEST_CASE("postgresql: a backup made beside a running store comes back, and the audit says so") {
    Lab lab;
    AuditTail tail;
    {
        auto store = lab.open();
        post(*store, sample_challenge(1));
        post(*store, sample_challenge(2));
        decide(*store, commit_of(sample_yes(2, sample_challenge(2)), 2));
        auto done = backup_store(lab.options, lab.dump);
        require_done(done);
        tail = *done;
        CHECK(tail.sequence == audit_length(*store));
        post(*store, sample_challenge(3));
        // Not while somebody works with it.
        auto refused = lab.restore(true);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().text.find("stop crpd") != std::string::npos);
    }
    CHECK_FALSE(backup_store(lab.options, lab.dump));
    const auto mode = std::filesystem::status(lab.dump).permissions();
    CHECK((mode & std::filesystem::perms::others_read) == std::filesystem::perms::none);

    auto unasked = lab.restore(false);
    REQUIRE_FALSE(unasked);
    CHECK(unasked.error().code == ErrorCode::conflict);
    const bool keep = GENERATE(false, true);
    auto restored = lab.restore(true, keep);
    require_done(restored);
    CHECK(restored->challenges_revoked == (keep ? 0 : 1));
    CHECK(restored->replaced_audit.sequence == tail.sequence + 1);
    CHECK(lab.schemas().find(restored->replaced.string()) != std::string::npos);

    auto store = lab.open();
    CHECK(audit_length(*store) == tail.sequence + 1);
    CHECK(store->check());
    CHECK(store->last_restore().value().has_value() != keep);
    CHECK(state_of(*store, sample_challenge(1)) ==
          (keep ? ChallengeState::issued : ChallengeState::revoked));
    CHECK(state_of(*store, sample_challenge(2)) == ChallengeState::reserved);
    CHECK_FALSE(store->find_challenge(sample_challenge(3).id).value().has_value());
    post(*store, sample_challenge(4));  // numbers go on where the dump left off
}

TEST_CASE("postgresql: a backup comes back into an empty database") {
    Lab lab;
    {
        auto store = lab.open();
        post(*store, sample_challenge(1));
        require_done(backup_store(lab.options, lab.dump));
    }
    lab.options = postgresql_cluster().empty_database();
    require_done(lab.restore(false));
    CHECK(check_store(lab.options));
    CHECK(lab.open()->find_challenge(sample_challenge(1).id).value().has_value());
}

TEST_CASE("postgresql: what is no backup changes nothing") {
    Lab lab;
    {
        auto store = lab.open();
        post(*store, sample_challenge(1));
    }
    const std::string kind = GENERATE(as<std::string>(), "absent", "text");
    if (kind == "text") std::ofstream(lab.dump) << "no dump";
    const std::string before = lab.schemas();
    auto refused = lab.restore(true);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::storage);
    CHECK(lab.schemas() == before);
    auto store = lab.open();
    CHECK(state_of(*store, sample_challenge(1)) == ChallengeState::issued);
}
