-- Step 1: everything the first version records.
-- Times are milliseconds since 1970-01-01 UTC; booleans are 0 and 1; hashes are lower-case
-- hexadecimal; columns ending in _json hold what store/sqlite/json_columns.h writes.
-- Tables that grow with every enrolment have an integer key in order of recording, so that rows
-- recorded together lie together on disk; unique text is found through an index.

CREATE TABLE schema_step (
    version    INTEGER NOT NULL PRIMARY KEY,
    applied_at INTEGER NOT NULL
) STRICT;

-- ---- what the MDM tells

CREATE TABLE mdm_user (
    id                  TEXT NOT NULL PRIMARY KEY,
    user_principal_name TEXT NOT NULL,
    display_name        TEXT NOT NULL,
    email               TEXT NOT NULL,
    security_identifier TEXT NOT NULL,
    enabled             INTEGER NOT NULL,
    groups_json         TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    id               TEXT NOT NULL PRIMARY KEY,
    device_type      TEXT NOT NULL,
    name             TEXT NOT NULL,
    serial_number    TEXT NOT NULL,
    imei             TEXT NOT NULL,
    owner_user_id    TEXT NOT NULL,
    enrollment_state TEXT NOT NULL,
    compliant        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE policy (
    id                        TEXT NOT NULL PRIMARY KEY,
    certificate_request_id    TEXT NOT NULL,
    template_name             TEXT NOT NULL,
    subject_format            TEXT NOT NULL,
    subject_alt_names_json    TEXT NOT NULL,
    key_usage_json            TEXT NOT NULL,
    extended_key_usage_json   TEXT NOT NULL,
    key_type                  TEXT NOT NULL,
    minimum_key_size          INTEGER NOT NULL,
    hash_algorithms_json      TEXT NOT NULL,
    validity_days             INTEGER NOT NULL,
    renewal_threshold_percent INTEGER NOT NULL,
    challenge_ttl_seconds     INTEGER NOT NULL,
    retry_window_seconds      INTEGER NOT NULL,
    assignments_json          TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE template (
    name             TEXT NOT NULL PRIMARY KEY,
    permissions_json TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- ---- challenges; the challenge strings themselves are never here

CREATE TABLE challenge (
    number                 INTEGER PRIMARY KEY,
    id                     TEXT NOT NULL UNIQUE,
    kind                   TEXT NOT NULL,
    lookup                 TEXT,  -- posted: HMAC under a pepper kept elsewhere; else NULL
    device_id              TEXT NOT NULL,
    user_id                TEXT NOT NULL,
    policy_id              TEXT NOT NULL,
    certificate_request_id TEXT NOT NULL,
    expected_json          TEXT NOT NULL,
    not_before             INTEGER NOT NULL,
    expires_at             INTEGER NOT NULL,
    created_at             INTEGER NOT NULL,
    owner                  TEXT NOT NULL,
    state                  TEXT NOT NULL,
    refusals               INTEGER NOT NULL,
    transaction_id         TEXT NOT NULL,
    csr_sha256             TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX challenge_by_lookup ON challenge (lookup) WHERE lookup IS NOT NULL;

-- Answers to calls with an Idempotency-Key, sealed by the caller; kept for 24 hours.
CREATE TABLE challenge_answer (
    owner           TEXT NOT NULL,
    idempotency_key TEXT NOT NULL,
    body_sha256     TEXT NOT NULL,
    answer          TEXT NOT NULL,
    recorded_at     INTEGER NOT NULL,
    PRIMARY KEY (owner, idempotency_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX challenge_answer_by_time ON challenge_answer (recorded_at);

-- ---- decisions and what became of them

CREATE TABLE decision (
    sequence           INTEGER PRIMARY KEY,
    id                 TEXT NOT NULL UNIQUE,
    transaction_id     TEXT NOT NULL,
    request_id         TEXT NOT NULL,
    csr_sha256         TEXT NOT NULL,
    spki_sha256        TEXT NOT NULL,
    signing_sha256     TEXT NOT NULL,
    caller             TEXT NOT NULL,
    device_address     TEXT NOT NULL,
    template_name      TEXT NOT NULL,
    challenge_id       TEXT NOT NULL,
    device_id          TEXT NOT NULL,
    user_id            TEXT NOT NULL,
    policy_id          TEXT NOT NULL,
    verified           INTEGER NOT NULL,
    reason             TEXT NOT NULL,
    phase              INTEGER NOT NULL,
    detail             TEXT NOT NULL,
    contents_json      TEXT,  -- when verified
    outcomes_json      TEXT NOT NULL,
    decided_at         INTEGER NOT NULL,
    owner              TEXT NOT NULL,
    state              TEXT NOT NULL,
    certificate_sha256 TEXT NOT NULL,
    hresult            INTEGER NOT NULL,
    notified_at        INTEGER
) STRICT;
CREATE INDEX decision_by_transaction ON decision (transaction_id);
-- A question is (transaction, CSR, signing certificate); its CSR alone finds the few rows, with
-- entries a third as long. Refusals, which anybody can cause, are left out of it.
CREATE INDEX decision_by_question ON decision (csr_sha256) WHERE verified = 1;
CREATE INDEX decision_by_request ON decision (caller, request_id);
CREATE INDEX decision_by_owner ON decision (owner);

CREATE TABLE certificate (
    sequence       INTEGER PRIMARY KEY,
    sha256         TEXT NOT NULL UNIQUE,
    serial         TEXT NOT NULL,
    issuer         TEXT NOT NULL,
    subject        TEXT NOT NULL,
    spki_sha256    TEXT NOT NULL,
    not_before     INTEGER NOT NULL,
    not_after      INTEGER NOT NULL,
    decision_id    TEXT NOT NULL UNIQUE REFERENCES decision (id),
    transaction_id TEXT NOT NULL,
    challenge_id   TEXT NOT NULL,
    device_id      TEXT NOT NULL,
    user_id        TEXT NOT NULL,
    policy_id      TEXT NOT NULL,
    renews         TEXT NOT NULL,
    revoked        INTEGER NOT NULL,
    recorded_at    INTEGER NOT NULL,
    owner          TEXT NOT NULL
) STRICT;
CREATE INDEX certificate_by_key ON certificate (spki_sha256, device_id);
CREATE INDEX certificate_by_owner ON certificate (owner);

-- ---- outbox

CREATE TABLE state_message (
    sequence               INTEGER PRIMARY KEY,
    id                     TEXT NOT NULL UNIQUE,
    state                  INTEGER NOT NULL,  -- state ID of topic type 5001
    transaction_id         TEXT NOT NULL,
    decision_id            TEXT NOT NULL,
    device_id              TEXT NOT NULL,
    user_id                TEXT NOT NULL,
    certificate_request_id TEXT NOT NULL,
    reason                 TEXT NOT NULL,
    certificate_sha1       TEXT NOT NULL,
    certificate_serial     TEXT NOT NULL,
    created_at             INTEGER NOT NULL,
    owner                  TEXT NOT NULL,
    attempts               INTEGER NOT NULL,
    delivered_at           INTEGER,
    next_attempt_at        INTEGER,
    last_error             TEXT NOT NULL
) STRICT;
CREATE INDEX state_message_by_owner ON state_message (owner);
-- Only what waits: small however many were delivered.
CREATE INDEX state_message_waiting ON state_message (sequence, transaction_id, next_attempt_at)
    WHERE delivered_at IS NULL;
CREATE INDEX state_message_order ON state_message (transaction_id, sequence)
    WHERE delivered_at IS NULL;

-- ---- audit: append-only

CREATE TABLE audit (
    sequence       INTEGER PRIMARY KEY,
    time           INTEGER NOT NULL,
    event          TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    reason         TEXT NOT NULL,
    caller         TEXT NOT NULL,
    peer_address   TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    facts_json     TEXT NOT NULL,
    previous_hash  TEXT NOT NULL,
    hash           TEXT NOT NULL
) STRICT;
CREATE INDEX audit_by_caller ON audit (caller);
-- Slips are stopped here; whoever can drop a trigger is found by the hash chain.
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- The row that the self-check writes and reads back.
CREATE TABLE self_check (
    id      INTEGER NOT NULL PRIMARY KEY,
    counter INTEGER NOT NULL
) STRICT;
INSERT INTO self_check (id, counter) VALUES (1, 0);
