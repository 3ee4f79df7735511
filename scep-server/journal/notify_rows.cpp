#include "scep-server/journal/notify_rows.h"

namespace ndes::scep {

Result<void> insert_notify(sqlite::Database& database, const PendingNotify& notify,
                           std::int64_t due_ms, bool of_last_issued) {
    auto insert = database.prepare(
        "INSERT INTO notify (transaction_id, request_id, challenge_sealed, disposition,"
        " last_result, issued_id, next_attempt_ms, profile, recorded_at_ms) VALUES (?1, ?2, ?3,"
        " ?4, ?5, CASE WHEN ?6 = 1 THEN last_insert_rowid() END, ?7, ?8, ?7)");
    if (!insert) return pass_on(insert);
    return insert->bind(1, notify.transaction_id)
        .bind(2, notify.request_id)
        .bind(3, notify.challenge_sealed)
        .bind(4, std::int64_t{notify.disposition})
        .bind(5, std::int64_t{notify.last_result})
        .bind(6, of_last_issued ? 1 : 0)
        .bind(7, due_ms)
        .bind(8, notify.profile)
        .run();
}

}  // namespace ndes::scep
