#include "scep-server/journal/sqlite_pending_requests.h"

#include <functional>

#include "scep-server/journal/notify_rows.h"

namespace ndes::scep {
namespace {

using sqlite::Database;
using sqlite::Statement;

constexpr std::string_view kPendingColumns =
    "SELECT id, transaction_id, csr_sha256, signing_sha256, profile, state, request_id, csr_sealed,"
    " signing_certificate, signer_spki, contents_json, decision_id, template_name, subject,"
    " device_address, state_text, created_at_ms, expires_at_ms FROM pending_request ";

int number_of(PendingState state) { return static_cast<int>(state); }

PendingRequest read_pending(const Statement& row) {
    PendingRequest request;
    request.id = row.integer(0);
    request.key = {row.text(1), row.text(2), row.text(3), row.text(4)};
    request.state = static_cast<PendingState>(row.integer(5));
    request.request_id = row.text(6);
    request.csr_sealed = row.text(7);
    request.signing_certificate = row.blob(8);
    request.signer_spki = row.text(9);
    request.contents_json = row.text(10);
    request.decision_id = row.text(11);
    request.template_name = row.text(12);
    request.subject = row.text(13);
    request.device_address = row.text(14);
    request.text = row.text(15);
    request.created_at = from_unix_ms(row.integer(16));
    request.expires_at = from_unix_ms(row.integer(17));
    return request;
}

Result<std::vector<PendingRequest>> select_rows(Database& database, std::string_view condition,
                                                const std::function<void(Statement&)>& bind) {
    auto select = database.prepare(std::string(kPendingColumns) + std::string(condition));
    if (!select) return pass_on(select);
    bind(*select);
    std::vector<PendingRequest> rows;
    while (true) {
        auto row = select->step();
        if (!row) return pass_on(row);
        if (!*row) return rows;
        rows.push_back(read_pending(*select));
    }
}

Result<std::vector<PendingRequest>> pending_rows(ReaderPool& readers, std::string_view condition,
                                                 const std::function<void(Statement&)>& bind) {
    return readers.with<std::vector<PendingRequest>>(
        [&](Database& database) { return select_rows(database, condition, bind); });
}

Result<std::optional<PendingRequest>> read_one(ReaderPool& readers, std::string_view condition,
                                               const std::function<void(Statement&)>& bind) {
    auto rows = pending_rows(readers, condition, bind);
    if (!rows) return pass_on(rows);
    if (rows->empty()) return std::optional<PendingRequest>{};
    return std::optional(std::move(rows->front()));
}

Result<void> insert_pending(Database& database, const PendingRequest& request) {
    auto insert = database.prepare(
        "INSERT INTO pending_request (transaction_id, csr_sha256, signing_sha256, profile, state,"
        " request_id, csr_sealed, signing_certificate, signer_spki, contents_json, decision_id,"
        " template_name, subject, device_address, state_text, created_at_ms, expires_at_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)");
    if (!insert) return pass_on(insert);
    const auto done = insert->bind(1, request.key.transaction_id)
                          .bind(2, request.key.csr_sha256)
                          .bind(3, request.key.signing_sha256)
                          .bind(4, request.key.profile)
                          .bind(5, number_of(request.state))
                          .bind(6, request.request_id)
                          .bind(7, request.csr_sealed)
                          .bind(8, ByteView(request.signing_certificate))
                          .bind(9, request.signer_spki)
                          .bind(10, request.contents_json)
                          .bind(11, request.decision_id)
                          .bind(12, request.template_name)
                          .bind(13, request.subject)
                          .bind(14, request.device_address)
                          .bind(15, request.text)
                          .bind(16, to_unix_ms(request.created_at))
                          .bind(17, to_unix_ms(request.expires_at))
                          .run();
    if (done) return {};
    if (database.last_error_is_constraint())
        return fail(ErrorCode::conflict, "this request is pending already");
    return Failure(done.error());
}

Result<void> change_state(Database& database, std::int64_t id, PendingState from, PendingState to,
                          std::string_view text) {
    auto update = database.prepare(
        "UPDATE pending_request SET state = ?3, state_text = ?4 WHERE id = ?1 AND state = ?2");
    if (!update) return pass_on(update);
    update->bind(1, id).bind(2, number_of(from)).bind(3, number_of(to)).bind(4, text);
    if (auto done = update->run(); !done) return done;
    if (database.changes() == 1) return {};
    return fail(ErrorCode::conflict, "the request is no longer " + std::string(to_string(from)));
}

}  // namespace

std::string_view to_string(PendingState state) {
    switch (state) {
        case PendingState::waiting: return "waiting";
        case PendingState::issuing: return "issuing";
        case PendingState::at_ca: return "at the CA";
        case PendingState::issued: return "issued";
        case PendingState::denied: return "denied";
        case PendingState::refused: return "refused by the CA";
        case PendingState::expired: return "expired";
    }
    return "unknown";
}

Result<void> SqlitePendingRequests::add(const PendingRequest& request,
                                        const PendingNotify& notify) {
    const std::int64_t now_ms = to_unix_ms(clock_.now());
    return writer_.run([&](Database& database) -> Result<void> {
        if (auto done = insert_pending(database, request); !done) return done;
        return insert_notify(database, notify, now_ms, false);
    });
}

Result<std::optional<PendingRequest>> SqlitePendingRequests::find(const RequestKey& key) {
    return read_one(readers_,
                    "WHERE transaction_id = ?1 AND profile = ?2 AND csr_sha256 = ?3 AND"
                    " signing_sha256 = ?4 ORDER BY id DESC LIMIT 1",
                    [&](Statement& select) {
                        select.bind(1, key.transaction_id)
                            .bind(2, key.profile)
                            .bind(3, key.csr_sha256)
                            .bind(4, key.signing_sha256);
                    });
}

Result<std::optional<PendingRequest>> SqlitePendingRequests::find_transaction(
    std::string_view profile, std::string_view transaction_id, std::string_view signer_spki) {
    return read_one(readers_,
                    "WHERE transaction_id = ?1 AND profile = ?2 AND signer_spki = ?3"
                    " ORDER BY id DESC LIMIT 1",
                    [&](Statement& select) {
                        select.bind(1, transaction_id).bind(2, profile).bind(3, signer_spki);
                    });
}

Result<std::optional<PendingRequest>> SqlitePendingRequests::find_id(std::int64_t id) {
    return read_one(readers_, "WHERE id = ?1", [&](Statement& select) { select.bind(1, id); });
}

Result<std::vector<PendingRequest>> SqlitePendingRequests::list(std::int64_t after,
                                                                std::size_t limit) {
    return pending_rows(readers_, "WHERE state IN (1, 2, 3) AND id > ?1 ORDER BY id LIMIT ?2",
                        [&](Statement& select) {
                            select.bind(1, after).bind(2, static_cast<std::int64_t>(limit));
                        });
}

Result<std::vector<PendingRequest>> SqlitePendingRequests::overdue(std::int64_t after,
                                                                   std::size_t limit) {
    return pending_rows(
        readers_, "WHERE state IN (1, 3) AND expires_at_ms <= ?1 AND id > ?2 ORDER BY id LIMIT ?3",
        [&](Statement& select) {
            select.bind(1, to_unix_ms(clock_.now()))
                .bind(2, after)
                .bind(3, static_cast<std::int64_t>(limit));
        });
}

Result<void> SqlitePendingRequests::move(std::int64_t id, PendingState from, PendingState to,
                                         std::string_view text,
                                         const std::optional<PendingNotify>& notify) {
    const std::int64_t now_ms = to_unix_ms(clock_.now());
    return writer_.run([&](Database& database) -> Result<void> {
        if (auto done = change_state(database, id, from, to, text); !done) return done;
        return notify ? insert_notify(database, *notify, now_ms, false) : Result<void>();
    });
}

Result<std::size_t> SqlitePendingRequests::purge() {
    const std::int64_t now_ms = to_unix_ms(clock_.now());
    std::size_t removed = 0;
    auto done = writer_.run([&](Database& database) -> Result<void> {
        auto remove = database.prepare(
            "DELETE FROM pending_request WHERE state NOT IN (1, 2, 3) AND expires_at_ms <= ?1");
        if (!remove) return pass_on(remove);
        if (auto ran = remove->bind(1, now_ms).run(); !ran) return ran;
        removed = static_cast<std::size_t>(database.changes());
        return {};
    });
    if (!done) return pass_on(done);
    return removed;
}

Result<void> close_pending_as_issued(Database& database, std::int64_t id) {
    auto update = database.prepare(
        "UPDATE pending_request SET state = ?2, state_text = '' WHERE id = ?1 AND"
        " state IN (1, 2, 3)");
    if (!update) return pass_on(update);
    if (auto done = update->bind(1, id).bind(2, number_of(PendingState::issued)).run(); !done)
        return done;
    if (database.changes() == 1) return {};
    return fail(ErrorCode::conflict, "the pending request has been closed meanwhile");
}

Result<void> resume_interrupted(Database& database) {
    return database.execute("UPDATE pending_request SET state = 1 WHERE state = 2");
}

}  // namespace ndes::scep
