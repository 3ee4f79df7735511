#include "scep-server/journal/sqlite_notify_queue.h"

#include <utility>

namespace ndes::scep {
namespace {

using sqlite::Database;
using sqlite::Statement;

PendingNotify read_due(const Statement& row) {
    PendingNotify notify;
    notify.id = row.integer(0);
    notify.transaction_id = row.text(1);
    notify.request_id = row.text(2);
    notify.challenge_sealed = row.text(3);
    notify.disposition = static_cast<std::int32_t>(row.integer(4));
    notify.last_result = static_cast<std::int32_t>(row.integer(5));
    notify.attempts = static_cast<int>(row.integer(6));
    notify.profile = row.text(7);
    if (!row.is_null(8)) notify.certificate = row.blob(8);
    return notify;
}

Result<std::vector<PendingNotify>> select_due(Database& database, std::int64_t now_ms,
                                              std::size_t limit) {
    auto select = database.prepare(
        "SELECT n.id, n.transaction_id, n.request_id, n.challenge_sealed, n.disposition,"
        " n.last_result, n.attempts, n.profile, substr(i.certificates, 1, i.leaf_octets)"
        " FROM notify n LEFT JOIN issued i ON i.id = n.issued_id"
        " WHERE n.dead_at_ms IS NULL AND n.next_attempt_ms <= ?1 AND NOT EXISTS"
        " (SELECT 1 FROM notify older WHERE older.transaction_id = n.transaction_id AND"
        " older.id < n.id AND older.dead_at_ms IS NULL)"
        " ORDER BY n.next_attempt_ms, n.id LIMIT ?2");
    if (!select) return pass_on(select);
    select->bind(1, now_ms).bind(2, static_cast<std::int64_t>(limit));
    std::vector<PendingNotify> due;
    while (true) {
        auto row = select->step();
        if (!row) return pass_on(row);
        if (!*row) return due;
        due.push_back(read_due(*select));
    }
}

constexpr std::string_view kRowColumns =
    "SELECT n.id, n.profile, n.transaction_id, n.request_id, n.disposition, n.last_result,"
    " coalesce(i.serial, ''), n.attempts, n.recorded_at_ms, n.next_attempt_ms, n.dead_at_ms,"
    " n.last_error FROM notify n LEFT JOIN issued i ON i.id = n.issued_id ";

NotifyRow read_notify(const Statement& row) {
    NotifyRow notify;
    notify.id = row.integer(0);
    notify.profile = row.text(1);
    notify.transaction_id = row.text(2);
    notify.request_id = row.text(3);
    notify.disposition = static_cast<std::int32_t>(row.integer(4));
    notify.last_result = static_cast<std::int32_t>(row.integer(5));
    notify.serial = row.text(6);
    notify.attempts = static_cast<int>(row.integer(7));
    notify.recorded_at = from_unix_ms(row.integer(8));
    notify.next_attempt = from_unix_ms(row.integer(9));
    if (const auto dead = row.optional_integer(10)) notify.dead_at = from_unix_ms(*dead);
    notify.last_error = row.text(11);
    return notify;
}

std::string_view condition_of(NotifyKind kind) {
    switch (kind) {
        case NotifyKind::all: break;
        case NotifyKind::waiting: return "AND n.dead_at_ms IS NULL ";
        case NotifyKind::dead: return "AND n.dead_at_ms IS NOT NULL ";
    }
    return "";
}

Result<NotifyRow> find_row(Database& database, std::int64_t id) {
    auto select = database.prepare(std::string(kRowColumns) + "WHERE n.id = ?1");
    if (!select) return pass_on(select);
    auto row = select->bind(1, id).step();
    if (!row) return pass_on(row);
    if (!*row) return fail(ErrorCode::not_found, "there is no such Notify");
    return read_notify(*select);
}

Result<NotifyCensus> count_rows(Database& database) {
    auto select = database.prepare(
        "SELECT count(*) FILTER (WHERE dead_at_ms IS NULL),"
        " count(*) FILTER (WHERE dead_at_ms IS NOT NULL),"
        " min(recorded_at_ms) FILTER (WHERE dead_at_ms IS NULL) FROM notify");
    if (!select) return pass_on(select);
    if (auto row = select->step(); !row) return pass_on(row);
    NotifyCensus census{static_cast<std::size_t>(select->integer(0)),
                        static_cast<std::size_t>(select->integer(1)), std::nullopt};
    if (const auto oldest = select->optional_integer(2)) census.oldest = from_unix_ms(*oldest);
    return census;
}

}  // namespace

Result<std::vector<PendingNotify>> SqliteNotifyQueue::due(std::size_t limit) {
    return readers_.with<std::vector<PendingNotify>>(
        [&](Database& database) { return select_due(database, to_unix_ms(clock_.now()), limit); });
}

Result<void> SqliteNotifyQueue::acknowledged(std::int64_t id) {
    return writer_.run([id](Database& database) -> Result<void> {
        auto remove = database.prepare("DELETE FROM notify WHERE id = ?1");
        if (!remove) return pass_on(remove);
        return remove->bind(1, id).run();
    });
}

Result<void> SqliteNotifyQueue::failed(std::int64_t id, WallTime next_attempt,
                                       std::string_view why) {
    return writer_.run([&](Database& database) -> Result<void> {
        auto update = database.prepare(
            "UPDATE notify SET attempts = attempts + 1, next_attempt_ms = ?2, last_error = ?3"
            " WHERE id = ?1");
        if (!update) return pass_on(update);
        return update->bind(1, id).bind(2, to_unix_ms(next_attempt)).bind(3, why).run();
    });
}

Result<void> SqliteNotifyQueue::bury(std::int64_t id, std::string_view why) {
    const std::int64_t now_ms = to_unix_ms(clock_.now());
    return writer_.run([&](Database& database) -> Result<void> {
        auto update = database.prepare(
            "UPDATE notify SET attempts = attempts + 1, dead_at_ms = ?2, last_error = ?3"
            " WHERE id = ?1");
        if (!update) return pass_on(update);
        return update->bind(1, id).bind(2, now_ms).bind(3, why).run();
    });
}

Result<NotifyCensus> SqliteNotifyQueue::census() {
    return readers_.with<NotifyCensus>([](Database& database) { return count_rows(database); });
}

Result<std::vector<NotifyRow>> SqliteNotifyQueue::list(std::int64_t after, std::size_t limit,
                                                       NotifyKind kind) {
    return readers_.with<std::vector<NotifyRow>>(
        [&](Database& database) -> Result<std::vector<NotifyRow>> {
            auto select =
                database.prepare(std::string(kRowColumns) + "WHERE n.id > ?1 " +
                                 std::string(condition_of(kind)) + "ORDER BY n.id LIMIT ?2");
            if (!select) return pass_on(select);
            select->bind(1, after).bind(2, static_cast<std::int64_t>(limit));
            std::vector<NotifyRow> rows;
            while (true) {
                auto row = select->step();
                if (!row) return pass_on(row);
                if (!*row) return rows;
                rows.push_back(read_notify(*select));
            }
        });
}

Result<void> SqliteNotifyQueue::retry(std::int64_t id) {
    const std::int64_t now_ms = to_unix_ms(clock_.now());
    return writer_.run([&](Database& database) -> Result<void> {
        auto update = database.prepare(
            "UPDATE notify SET attempts = 0, next_attempt_ms = ?2, dead_at_ms = NULL"
            " WHERE id = ?1");
        if (!update) return pass_on(update);
        if (auto done = update->bind(1, id).bind(2, now_ms).run(); !done) return done;
        if (database.changes() == 1) return {};
        return fail(ErrorCode::not_found, "there is no such Notify");
    });
}

Result<std::size_t> SqliteNotifyQueue::retry_dead() {
    const std::int64_t now_ms = to_unix_ms(clock_.now());
    std::size_t count = 0;
    auto done = writer_.run([&](Database& database) -> Result<void> {
        auto update = database.prepare(
            "UPDATE notify SET attempts = 0, next_attempt_ms = ?1, dead_at_ms = NULL"
            " WHERE dead_at_ms IS NOT NULL");
        if (!update) return pass_on(update);
        if (auto ran = update->bind(1, now_ms).run(); !ran) return ran;
        count = static_cast<std::size_t>(database.changes());
        return {};
    });
    if (!done) return pass_on(done);
    return count;
}

Result<NotifyRow> SqliteNotifyQueue::discard(std::int64_t id) {
    NotifyRow ended;
    auto done = writer_.run([&](Database& database) -> Result<void> {
        auto row = find_row(database, id);
        if (!row) return pass_on(row);
        if (!row->dead_at)
            return fail(ErrorCode::conflict, "it is no dead letter: it is still told");
        auto remove = database.prepare("DELETE FROM notify WHERE id = ?1");
        if (!remove) return pass_on(remove);
        ended = std::move(*row);
        return remove->bind(1, id).run();
    });
    if (!done) return pass_on(done);
    return ended;
}

}  // namespace ndes::scep
