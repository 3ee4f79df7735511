// The journal's tables. The journal is ndesd's own file, so its schema travels in the program.
// Steps are forward only and never edited after a release; the file's user_version counts them.
#pragma once

#include <cstdint>

namespace ndes::scep {

inline constexpr std::int64_t kJournalVersion = 1;

// `certificates`: the leaf's DER, then its chain's, one after the other (DER tells its own length).
// A notify row lives until the policy module has acknowledged it.
inline constexpr const char* kJournalSchema = R"sql(
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

}  // namespace ndes::scep
