// The journal's tables. The journal is ndesd's own file, so its schema travels in the program.
// Steps are forward only and never edited after a release; the file's user_version counts them.
#pragma once

#include <array>
#include <cstdint>

namespace ndes::scep {

// `certificates`: the leaf's DER, then its chain's, one after the other (DER tells its own length).
// A notify row lives until the policy module has acknowledged it, or an operator discards it.
inline constexpr const char* kJournalStep1 = R"sql(
CREATE TABLE issued (
    id INTEGER PRIMARY KEY,
    transaction_id TEXT NOT NULL,
    csr_sha256 TEXT NOT NULL,
    signing_sha256 TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    leaf_sha256 TEXT NOT NULL,
    issued_at_ms INTEGER NOT NULL,
    leaf_octets INTEGER NOT NULL,
    certificates BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX issued_request ON issued (csr_sha256, transaction_id, signing_sha256);
CREATE INDEX issued_leaf ON issued (leaf_sha256);

CREATE TABLE notify (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    transaction_id TEXT NOT NULL,
    request_id TEXT NOT NULL,
    challenge_sealed TEXT NOT NULL,
    disposition INTEGER NOT NULL,
    last_result INTEGER NOT NULL,
    issued_id INTEGER REFERENCES issued (id),
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX notify_due ON notify (next_attempt_ms, id);
CREATE INDEX notify_transaction ON notify (transaction_id, id);
)sql";

// Profiles; certificates by serial number, and a second one for the same request after
// CacheRequest; pending requests (states: PendingState); the password cache. `password_use` says
// for which request a usage of a password is reserved, or was used (completed).
inline constexpr const char* kJournalStep2 = R"sql(
ALTER TABLE issued ADD COLUMN profile TEXT NOT NULL DEFAULT '';
ALTER TABLE issued ADD COLUMN serial TEXT NOT NULL DEFAULT '';
ALTER TABLE issued ADD COLUMN current INTEGER NOT NULL DEFAULT 1;
DROP INDEX issued_request;
CREATE UNIQUE INDEX issued_request ON issued (csr_sha256, transaction_id, signing_sha256, profile)
    WHERE current = 1;
CREATE INDEX issued_serial ON issued (serial);
ALTER TABLE notify ADD COLUMN profile TEXT NOT NULL DEFAULT '';

CREATE TABLE pending_request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    profile TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    csr_sha256 TEXT NOT NULL,
    signing_sha256 TEXT NOT NULL,
    state INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    csr_sealed TEXT NOT NULL,
    signing_certificate BLOB NOT NULL,
    signer_spki TEXT NOT NULL,
    contents_json TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    template_name TEXT NOT NULL,
    subject TEXT NOT NULL,
    device_address TEXT NOT NULL,
    state_text TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX pending_open ON pending_request
    (csr_sha256, transaction_id, signing_sha256, profile) WHERE state IN (1, 2, 3);
CREATE INDEX pending_transaction ON pending_request (transaction_id, profile, id);
CREATE INDEX pending_expiry ON pending_request (expires_at_ms);

CREATE TABLE password (
    hash TEXT PRIMARY KEY,
    profile TEXT NOT NULL,
    issued_to TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE password_use (
    hash TEXT NOT NULL REFERENCES password (hash) ON DELETE CASCADE,
    usage INTEGER NOT NULL,
    transaction_id TEXT NOT NULL,
    csr_sha256 TEXT NOT NULL,
    completed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (hash, usage)
) STRICT, WITHOUT ROWID;
)sql";

// The serial numbers of CAs whose key is ours (states: SerialState; `reason`: RevocationReason),
// and the number of each CA's last CRL. `ca`: hex SHA-256 of its SubjectPublicKeyInfo.
inline constexpr const char* kJournalStep3 = R"sql(
CREATE TABLE ca_serial (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ca TEXT NOT NULL,
    serial TEXT NOT NULL,
    state INTEGER NOT NULL,
    transaction_id TEXT NOT NULL,
    csr_sha256 TEXT NOT NULL,
    leaf_sha256 TEXT NOT NULL,
    subject TEXT NOT NULL,
    intended_at_ms INTEGER NOT NULL,
    not_after_ms INTEGER,
    revoked_at_ms INTEGER,
    reason INTEGER,
    revoked_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX ca_serial_once ON ca_serial (serial, ca);
CREATE INDEX ca_serial_unsettled ON ca_serial (id) WHERE state IN (1, 2);
CREATE INDEX ca_serial_revoked ON ca_serial (id) WHERE revoked_at_ms IS NOT NULL;

CREATE TABLE ca_crl (
    ca TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Dead letters: Notify calls that will never be taken stay, for an operator, and hold nothing back.
inline constexpr const char* kJournalStep4 = R"sql(
ALTER TABLE notify ADD COLUMN recorded_at_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE notify ADD COLUMN dead_at_ms INTEGER;
ALTER TABLE notify ADD COLUMN last_error TEXT NOT NULL DEFAULT '';
UPDATE notify SET recorded_at_ms = next_attempt_ms;
DROP INDEX notify_due;
CREATE INDEX notify_due ON notify (next_attempt_ms, id) WHERE dead_at_ms IS NULL;
)sql";

inline constexpr std::array kJournalSteps{kJournalStep1, kJournalStep2, kJournalStep3,
                                          kJournalStep4};
inline constexpr auto kJournalVersion = static_cast<std::int64_t>(kJournalSteps.size());

}  // namespace ndes::scep
