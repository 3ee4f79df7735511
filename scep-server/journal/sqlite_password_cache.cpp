#include "scep-server/journal/sqlite_password_cache.h"

#include <array>

namespace ndes::scep {
namespace {

using sqlite::Database;

// Not expired, and not used up: a password is so when both usages have been completed.
constexpr std::string_view kCount =
    "SELECT count(*) FROM password p WHERE p.profile = ?1 AND p.expires_at_ms > ?2 AND"
    " (SELECT count(*) FROM password_use u WHERE u.hash = p.hash AND u.completed = 1) < 2";

Result<std::size_t> count_live(Database& database, std::string_view profile, std::int64_t now_ms) {
    auto select = database.prepare(kCount);
    if (!select) return pass_on(select);
    select->bind(1, profile).bind(2, now_ms);
    if (auto row = select->step(); !row) return pass_on(row);
    return static_cast<std::size_t>(select->integer(0));
}

Result<bool> is_live(Database& database, std::string_view hash, std::string_view profile,
                     std::int64_t now_ms) {
    auto select = database.prepare(
        "SELECT 1 FROM password WHERE hash = ?1 AND profile = ?2 AND expires_at_ms > ?3");
    if (!select) return pass_on(select);
    return select->bind(1, hash).bind(2, profile).bind(3, now_ms).step();
}

struct Use {
    int usage = 0;
    bool by_same_request = false;
    bool completed = false;
};

Result<std::vector<Use>> uses_of(Database& database, std::string_view hash, const RequestKey& key) {
    auto select = database.prepare(
        "SELECT usage, transaction_id, csr_sha256, completed FROM password_use WHERE hash = ?1");
    if (!select) return pass_on(select);
    select->bind(1, hash);
    std::vector<Use> uses;
    while (true) {
        auto row = select->step();
        if (!row) return pass_on(row);
        if (!*row) return uses;
        uses.push_back({static_cast<int>(select->integer(0)),
                        select->text(1) == key.transaction_id && select->text(2) == key.csr_sha256,
                        select->integer(3) == 1});
    }
}

Result<void> insert_use(Database& database, std::string_view hash, int usage,
                        const RequestKey& key) {
    auto insert = database.prepare(
        "INSERT INTO password_use (hash, usage, transaction_id, csr_sha256)"
        " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING");
    if (!insert) return pass_on(insert);
    return insert->bind(1, hash)
        .bind(2, usage)
        .bind(3, key.transaction_id)
        .bind(4, key.csr_sha256)
        .run();
}

PasswordVerdict judge(const std::vector<Use>& uses, int usage) {
    std::size_t completed = 0;
    bool taken = false;
    for (const Use& use : uses) {
        if (use.completed) ++completed;
        if ((use.usage & usage) != 0 && (use.completed || !use.by_same_request)) taken = true;
    }
    if (completed == 2) return PasswordVerdict::unknown;  // used up: as if it had never been
    return taken ? PasswordVerdict::used_usage : PasswordVerdict::good;
}

Result<void> change_uses(sqlite::GroupCommit& writer, std::string_view sql, std::string_view hash,
                         std::string_view transaction_id) {
    return writer.run([&](Database& database) -> Result<void> {
        auto change = database.prepare(sql);
        if (!change) return pass_on(change);
        return change->bind(1, hash).bind(2, transaction_id).run();
    });
}

}  // namespace

Result<void> SqlitePasswordCache::add(std::string_view profile, std::string_view hash,
                                      std::string_view issued_to, std::chrono::minutes validity,
                                      std::size_t most) {
    const WallTime now = clock_.now();
    return writer_.run([&](Database& database) -> Result<void> {
        auto live = count_live(database, profile, to_unix_ms(now));
        if (!live) return pass_on(live);
        if (*live >= most) return fail(ErrorCode::too_large, "the password cache is full");
        auto insert = database.prepare(
            "INSERT INTO password (hash, profile, issued_to, created_at_ms, expires_at_ms)"
            " VALUES (?1, ?2, ?3, ?4, ?5)");
        if (!insert) return pass_on(insert);
        return insert->bind(1, hash)
            .bind(2, profile)
            .bind(3, issued_to)
            .bind(4, to_unix_ms(now))
            .bind(5, to_unix_ms(now + validity))
            .run();
    });
}

Result<PasswordVerdict> SqlitePasswordCache::reserve(std::string_view hash, int usage,
                                                     const RequestKey& key) {
    const std::int64_t now_ms = to_unix_ms(clock_.now());
    PasswordVerdict verdict = PasswordVerdict::unknown;
    auto done = writer_.run([&](Database& database) -> Result<void> {
        verdict = PasswordVerdict::unknown;
        auto live = is_live(database, hash, key.profile, now_ms);
        if (!live) return pass_on(live);
        if (!*live) return {};
        auto uses = uses_of(database, hash, key);
        if (!uses) return pass_on(uses);
        verdict = judge(*uses, usage);
        if (verdict != PasswordVerdict::good) return {};
        for (const int one : std::array{kSignatureUse, kEncryptionUse})
            if ((usage & one) != 0)
                if (auto put = insert_use(database, hash, one, key); !put) return put;
        return {};
    });
    if (!done) return pass_on(done);
    return verdict;
}

Result<void> SqlitePasswordCache::complete(std::string_view hash, std::string_view transaction_id) {
    return change_uses(
        writer_, "UPDATE password_use SET completed = 1 WHERE hash = ?1 AND transaction_id = ?2",
        hash, transaction_id);
}

Result<void> SqlitePasswordCache::release(std::string_view hash, std::string_view transaction_id) {
    return change_uses(
        writer_,
        "DELETE FROM password_use WHERE hash = ?1 AND transaction_id = ?2 AND completed = 0", hash,
        transaction_id);
}

Result<std::size_t> SqlitePasswordCache::count(std::string_view profile) {
    return readers_.with<std::size_t>([&](Database& database) {
        return count_live(database, profile, to_unix_ms(clock_.now()));
    });
}

Result<std::size_t> SqlitePasswordCache::purge() {
    const std::int64_t now_ms = to_unix_ms(clock_.now());
    std::size_t removed = 0;
    auto done = writer_.run([&](Database& database) -> Result<void> {
        auto uses = database.prepare(
            "DELETE FROM password_use WHERE hash IN"
            " (SELECT hash FROM password WHERE expires_at_ms <= ?1)");
        if (!uses) return pass_on(uses);
        if (auto ran = uses->bind(1, now_ms).run(); !ran) return ran;
        auto passwords = database.prepare("DELETE FROM password WHERE expires_at_ms <= ?1");
        if (!passwords) return pass_on(passwords);
        if (auto ran = passwords->bind(1, now_ms).run(); !ran) return ran;
        removed = static_cast<std::size_t>(database.changes());
        return {};
    });
    if (!done) return pass_on(done);
    return removed;
}

}  // namespace ndes::scep
