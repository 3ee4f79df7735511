#include "scep-server/journal/sqlite_serial_ledger.h"

#include <functional>

namespace ndes::scep {
namespace {

using sqlite::Database;
using sqlite::Statement;

constexpr std::string_view kLedgerColumns =
    "SELECT id, ca, serial, state, transaction_id, csr_sha256, leaf_sha256, subject,"
    " intended_at_ms, not_after_ms, revoked_at_ms, reason, revoked_by FROM ca_serial ";

int number_of(SerialState state) { return static_cast<int>(state); }

SerialEntry read_entry(const Statement& row) {
    SerialEntry entry;
    entry.id = row.integer(0);
    entry.ca = row.text(1);
    entry.serial = row.text(2);
    entry.state = static_cast<SerialState>(row.integer(3));
    entry.transaction_id = row.text(4);
    entry.csr_sha256 = row.text(5);
    entry.certificate_sha256 = row.text(6);
    entry.subject = row.text(7);
    entry.intended_at = from_unix_ms(row.integer(8));
    if (const auto not_after = row.optional_integer(9)) entry.not_after = from_unix_ms(*not_after);
    if (const auto at = row.optional_integer(10))
        entry.revocation = {from_unix_ms(*at), static_cast<RevocationReason>(row.integer(11)),
                            row.text(12)};
    return entry;
}

Result<std::vector<SerialEntry>> ledger_rows(ReaderPool& readers, std::string_view condition,
                                             const std::function<void(Statement&)>& bind) {
    return readers.with<std::vector<SerialEntry>>(
        [&](Database& database) -> Result<std::vector<SerialEntry>> {
            auto select = database.prepare(std::string(kLedgerColumns) + std::string(condition));
            if (!select) return pass_on(select);
            bind(*select);
            std::vector<SerialEntry> rows;
            while (true) {
                auto row = select->step();
                if (!row) return pass_on(row);
                if (!*row) return rows;
                rows.push_back(read_entry(*select));
            }
        });
}

Result<void> insert_entry(Database& database, const SerialEntry& entry) {
    auto insert = database.prepare(
        "INSERT INTO ca_serial (ca, serial, state, transaction_id, csr_sha256, leaf_sha256,"
        " subject, intended_at_ms, not_after_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    if (!insert) return pass_on(insert);
    std::optional<std::int64_t> not_after;
    if (entry.not_after) not_after = to_unix_ms(*entry.not_after);
    const auto done = insert->bind(1, entry.ca)
                          .bind(2, entry.serial)
                          .bind(3, number_of(entry.state))
                          .bind(4, entry.transaction_id)
                          .bind(5, entry.csr_sha256)
                          .bind(6, entry.certificate_sha256)
                          .bind(7, entry.subject)
                          .bind(8, to_unix_ms(entry.intended_at))
                          .bind(9, not_after)
                          .run();
    if (done) return {};
    if (database.last_error_is_constraint())
        return fail(ErrorCode::conflict, "serial number " + entry.serial + " was used before");
    return Failure(done.error());
}

Result<void> end_intended(Database& database, std::string_view ca, std::string_view serial,
                          SerialState state, std::string_view certificate_sha256) {
    auto update = database.prepare(
        "UPDATE ca_serial SET state = ?3, leaf_sha256 = ?4"
        " WHERE serial = ?1 AND ca = ?2 AND state = 1");
    if (!update) return pass_on(update);
    update->bind(1, serial).bind(2, ca).bind(3, number_of(state)).bind(4, certificate_sha256);
    if (auto done = update->run(); !done) return done;
    if (database.changes() == 1) return {};
    return fail(ErrorCode::conflict,
                "serial number " + std::string(serial) + " is not intended for a certificate");
}

// Why an update of a revocation met no row.
Failure why_unchanged(Database& database, std::string_view ca, std::string_view serial) {
    auto select = database.prepare(
        "SELECT revoked_at_ms, reason FROM ca_serial WHERE serial = ?1 AND ca = ?2");
    if (!select) return pass_on(select);
    auto row = select->bind(1, serial).bind(2, ca).step();
    if (!row) return pass_on(row);
    const std::string number(serial);
    if (!*row) return fail(ErrorCode::not_found, "no certificate has serial number " + number);
    const auto at = select->optional_integer(0);
    if (!at) return fail(ErrorCode::conflict, "certificate " + number + " is not on hold");
    return fail(
        ErrorCode::conflict,
        "certificate " + number + " is revoked since " + to_rfc3339(from_unix_ms(*at)) + " (" +
            std::string(to_string(static_cast<RevocationReason>(select->integer(1)))) + ")");
}

}  // namespace

std::string_view to_string(SerialState state) {
    switch (state) {
        case SerialState::intended: return "intended";
        case SerialState::signed_only: return "signed";
        case SerialState::issued: return "issued";
        case SerialState::failed: return "failed";
        case SerialState::foreign: return "foreign";
    }
    return "unknown";
}

Result<void> SqliteSerialLedger::enter(const SerialEntry& entry) {
    return writer_.run([&](Database& database) { return insert_entry(database, entry); });
}

Result<void> SqliteSerialLedger::record_signed(std::string_view ca, std::string_view serial,
                                               std::string_view certificate_sha256) {
    return writer_.run([&](Database& database) {
        return end_intended(database, ca, serial, SerialState::signed_only, certificate_sha256);
    });
}

Result<void> SqliteSerialLedger::record_failed(std::string_view ca, std::string_view serial) {
    return writer_.run([&](Database& database) {
        return end_intended(database, ca, serial, SerialState::failed, "");
    });
}

Result<std::optional<SerialEntry>> SqliteSerialLedger::find(std::string_view ca,
                                                            std::string_view serial) {
    auto rows = ledger_rows(readers_, "WHERE serial = ?1 AND ca = ?2",
                            [&](Statement& select) { select.bind(1, serial).bind(2, ca); });
    if (!rows) return pass_on(rows);
    if (rows->empty()) return std::optional<SerialEntry>{};
    return std::optional(std::move(rows->front()));
}

Result<std::vector<SerialEntry>> SqliteSerialLedger::list(std::int64_t after, std::size_t limit) {
    return ledger_rows(readers_, "WHERE id > ?1 ORDER BY id LIMIT ?2", [&](Statement& select) {
        select.bind(1, after).bind(2, static_cast<std::int64_t>(limit));
    });
}

Result<std::vector<SerialEntry>> SqliteSerialLedger::unsettled(std::string_view ca,
                                                               std::size_t limit) {
    return ledger_rows(
        readers_,
        "WHERE state IN (1, 2) AND revoked_at_ms IS NULL AND ca = ?1 ORDER BY id"
        " LIMIT ?2",
        [&](Statement& select) { select.bind(1, ca).bind(2, static_cast<std::int64_t>(limit)); });
}

Result<void> SqliteSerialLedger::revoke(std::string_view ca, std::string_view serial,
                                        const Revocation& revocation) {
    return writer_.run([&](Database& database) -> Result<void> {
        // 6: certificateHold.
        auto update = database.prepare(
            "UPDATE ca_serial SET revoked_at_ms = ?3, reason = ?4, revoked_by = ?5"
            " WHERE serial = ?1 AND ca = ?2 AND"
            " (revoked_at_ms IS NULL OR (reason = 6 AND ?4 <> 6))");
        if (!update) return pass_on(update);
        update->bind(1, serial)
            .bind(2, ca)
            .bind(3, to_unix_ms(revocation.at))
            .bind(4, static_cast<int>(revocation.reason))
            .bind(5, revocation.by);
        if (auto done = update->run(); !done) return done;
        if (database.changes() == 1) return {};
        return why_unchanged(database, ca, serial);
    });
}

Result<void> SqliteSerialLedger::release(std::string_view ca, std::string_view serial) {
    return writer_.run([&](Database& database) -> Result<void> {
        auto update = database.prepare(
            "UPDATE ca_serial SET revoked_at_ms = NULL, reason = NULL, revoked_by = ''"
            " WHERE serial = ?1 AND ca = ?2 AND revoked_at_ms IS NOT NULL AND reason = 6");
        if (!update) return pass_on(update);
        if (auto done = update->bind(1, serial).bind(2, ca).run(); !done) return done;
        if (database.changes() == 1) return {};
        return why_unchanged(database, ca, serial);
    });
}

Result<std::vector<SerialEntry>> SqliteSerialLedger::revoked(std::string_view ca, WallTime since) {
    return ledger_rows(readers_,
                       "WHERE revoked_at_ms IS NOT NULL AND ca = ?1 AND"
                       " (not_after_ms IS NULL OR not_after_ms >= ?2) ORDER BY id",
                       [&](Statement& select) { select.bind(1, ca).bind(2, to_unix_ms(since)); });
}

Result<std::int64_t> SqliteSerialLedger::next_crl_number(std::string_view ca, std::int64_t above) {
    std::int64_t number = 0;
    auto done = writer_.run([&](Database& database) -> Result<void> {
        auto upsert = database.prepare(
            "INSERT INTO ca_crl (ca, number) VALUES (?1, ?2 + 1)"
            " ON CONFLICT (ca) DO UPDATE SET number = max(number, ?2) + 1 RETURNING number");
        if (!upsert) return pass_on(upsert);
        auto row = upsert->bind(1, ca).bind(2, above).step();
        if (!row) return pass_on(row);
        number = upsert->integer(0);
        // RETURNING: the change is made once the statement has run to its end.
        return upsert->run();
    });
    if (!done) return pass_on(done);
    return number;
}

Result<std::int64_t> SqliteSerialLedger::last_crl_number(std::string_view ca) {
    return readers_.with<std::int64_t>([&](Database& database) -> Result<std::int64_t> {
        auto select = database.prepare("SELECT number FROM ca_crl WHERE ca = ?1");
        if (!select) return pass_on(select);
        auto row = select->bind(1, ca).step();
        if (!row) return pass_on(row);
        return *row ? select->integer(0) : 0;
    });
}

Result<void> settle_serial(Database& database, std::string_view serial,
                           std::string_view certificate_sha256) {
    auto update = database.prepare(
        "UPDATE ca_serial SET state = 3 WHERE serial = ?1 AND leaf_sha256 = ?2 AND state = 2");
    if (!update) return pass_on(update);
    return update->bind(1, serial).bind(2, certificate_sha256).run();
}

}  // namespace ndes::scep
