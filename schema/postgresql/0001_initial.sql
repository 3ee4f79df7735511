-- Step 1: everything the first version records. All of it lies in the schema `crp`.
-- Times are milliseconds since 1970-01-01 UTC; hashes are lower-case hexadecimal; columns ending
-- in _json hold what store/json_columns.h writes; BYTEA may hold any octets. Text is compared by
-- its octets (COLLATE "C"), whatever the database's own collation is.
-- The primary keys of tables that grow are random IDs: no two programs meet on one page of an
-- index. `sequence` and `number` only give lists an order.

CREATE TABLE schema_step (
    version    INTEGER NOT NULL PRIMARY KEY,
    applied_at BIGINT NOT NULL
);

-- ---- the programs that work on this database: one row each, locked while it writes, so that
-- what one of them writes is committed in the order of its numbers

CREATE TABLE node (
    number   SMALLINT NOT NULL PRIMARY KEY,
    name     TEXT COLLATE "C" NOT NULL UNIQUE,
    sequence BIGINT NOT NULL,  -- of its last audit record
    hash     TEXT NOT NULL     -- and that record's hash
);

-- ---- what the MDM tells

CREATE TABLE mdm_user (
    id                  TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_principal_name TEXT NOT NULL,
    display_name        TEXT NOT NULL,
    email               TEXT NOT NULL,
    security_identifier TEXT NOT NULL,
    enabled             BOOLEAN NOT NULL,
    groups_json         TEXT NOT NULL
);

CREATE TABLE device (
    id               TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    device_type      TEXT NOT NULL,
    name             TEXT NOT NULL,
    serial_number    TEXT NOT NULL,
    imei             TEXT NOT NULL,
    owner_user_id    TEXT NOT NULL,
    enrollment_state TEXT NOT NULL,
    compliant        BOOLEAN NOT NULL
);

CREATE TABLE policy (
    id                        TEXT COLLATE "C" NOT NULL PRIMARY KEY,
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
);

CREATE TABLE template (
    name             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    permissions_json TEXT NOT NULL
);

-- ---- challenges; the challenge strings themselves are never here

CREATE SEQUENCE challenge_number;
CREATE TABLE challenge (
    id                     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    number                 BIGINT NOT NULL DEFAULT nextval('challenge_number'),
    kind                   TEXT NOT NULL,
    lookup                 TEXT COLLATE "C",  -- posted: HMAC under a pepper kept elsewhere; else NULL
    device_id              TEXT COLLATE "C" NOT NULL,
    user_id                TEXT NOT NULL,
    policy_id              TEXT NOT NULL,
    certificate_request_id TEXT NOT NULL,
    expected_json          TEXT NOT NULL,
    not_before             BIGINT NOT NULL,
    expires_at             BIGINT NOT NULL,
    created_at             BIGINT NOT NULL,
    owner                  TEXT COLLATE "C" NOT NULL,
    state                  TEXT NOT NULL,
    refusals               INTEGER NOT NULL,
    transaction_id         TEXT NOT NULL,
    csr_sha256             TEXT NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX challenge_by_number ON challenge (number);
CREATE UNIQUE INDEX challenge_by_lookup ON challenge (lookup) WHERE lookup IS NOT NULL;

-- Answers to calls with an Idempotency-Key, sealed by the caller; kept for 24 hours.
CREATE TABLE challenge_answer (
    owner           TEXT COLLATE "C" NOT NULL,
    idempotency_key TEXT COLLATE "C" NOT NULL,
    body_sha256     TEXT NOT NULL,
    answer          BYTEA NOT NULL,
    recorded_at     BIGINT NOT NULL,
    PRIMARY KEY (owner, idempotency_key)
);
CREATE INDEX challenge_answer_by_time ON challenge_answer (recorded_at);

-- ---- decisions and what became of them

CREATE SEQUENCE decision_sequence;
CREATE TABLE decision (
    id                 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sequence           BIGINT NOT NULL DEFAULT nextval('decision_sequence'),
    transaction_id     TEXT COLLATE "C" NOT NULL,
    request_id         TEXT COLLATE "C" NOT NULL,
    csr_sha256         TEXT COLLATE "C" NOT NULL,
    spki_sha256        TEXT COLLATE "C" NOT NULL,
    signing_sha256     TEXT NOT NULL,
    caller             TEXT COLLATE "C" NOT NULL,
    device_address     TEXT NOT NULL,
    template_name      TEXT NOT NULL,
    challenge_id       TEXT COLLATE "C" NOT NULL,
    device_id          TEXT COLLATE "C" NOT NULL,
    user_id            TEXT NOT NULL,
    policy_id          TEXT NOT NULL,
    verified           BOOLEAN NOT NULL,
    reason             TEXT NOT NULL,
    phase              INTEGER NOT NULL,
    detail             BYTEA NOT NULL,
    contents_json      TEXT,  -- when verified
    outcomes_json      TEXT NOT NULL,
    decided_at         BIGINT NOT NULL,
    owner              TEXT COLLATE "C" NOT NULL,
    state              TEXT NOT NULL,
    certificate_sha256 TEXT NOT NULL,
    hresult            INTEGER NOT NULL,
    notified_at        BIGINT
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX decision_by_sequence ON decision (sequence);
CREATE INDEX decision_by_transaction ON decision (transaction_id);
CREATE INDEX decision_by_question ON decision (csr_sha256) WHERE verified;
CREATE INDEX decision_by_request ON decision (caller, request_id);
CREATE INDEX decision_by_owner ON decision (owner);

CREATE SEQUENCE certificate_sequence;
CREATE TABLE certificate (
    sha256         TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sequence       BIGINT NOT NULL DEFAULT nextval('certificate_sequence'),
    serial         TEXT NOT NULL,
    issuer         TEXT NOT NULL,
    subject        TEXT NOT NULL,
    spki_sha256    TEXT COLLATE "C" NOT NULL,
    not_before     BIGINT NOT NULL,
    not_after      BIGINT NOT NULL,
    decision_id    TEXT COLLATE "C" NOT NULL UNIQUE REFERENCES decision (id),
    transaction_id TEXT NOT NULL,
    challenge_id   TEXT NOT NULL,
    device_id      TEXT COLLATE "C" NOT NULL,
    user_id        TEXT NOT NULL,
    policy_id      TEXT NOT NULL,
    renews         TEXT COLLATE "C" NOT NULL,
    revoked        BOOLEAN NOT NULL,
    recorded_at    BIGINT NOT NULL,
    owner          TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX certificate_by_sequence ON certificate (sequence);
CREATE INDEX certificate_by_key ON certificate (spki_sha256, device_id);
CREATE INDEX certificate_by_owner ON certificate (owner);

-- ---- outbox

CREATE SEQUENCE state_message_sequence;
CREATE TABLE state_message (
    id                     TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    node                   SMALLINT NOT NULL,  -- who recorded it
    sequence               BIGINT NOT NULL DEFAULT nextval('state_message_sequence'),
    state                  INTEGER NOT NULL,   -- state ID of topic type 5001
    transaction_id         TEXT COLLATE "C" NOT NULL,
    decision_id            TEXT NOT NULL,
    device_id              TEXT NOT NULL,
    user_id                TEXT NOT NULL,
    certificate_request_id TEXT NOT NULL,
    reason                 TEXT NOT NULL,
    certificate_sha1       TEXT NOT NULL,
    certificate_serial     TEXT NOT NULL,
    created_at             BIGINT NOT NULL,
    owner                  TEXT COLLATE "C" NOT NULL,
    attempts               INTEGER NOT NULL DEFAULT 0,
    delivered_at           BIGINT,
    next_attempt_at        BIGINT,
    last_error             BYTEA NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX state_message_by_sequence ON state_message (sequence);
CREATE INDEX state_message_by_node ON state_message (node, sequence);
CREATE INDEX state_message_by_owner ON state_message (owner, node, sequence);
CREATE INDEX state_message_waiting ON state_message (sequence) WHERE delivered_at IS NULL;

-- ---- audit: append-only, a chain for each node. A role for crpd has no right to change it.

CREATE TABLE audit (
    node           SMALLINT NOT NULL,
    sequence       BIGINT NOT NULL,
    time           BIGINT NOT NULL,
    event          TEXT NOT NULL,
    outcome        TEXT NOT NULL,
    reason         TEXT NOT NULL,
    caller         TEXT COLLATE "C" NOT NULL,
    peer_address   TEXT NOT NULL,
    transaction_id TEXT NOT NULL,
    facts_json     TEXT NOT NULL,
    previous_hash  TEXT NOT NULL,
    hash           TEXT NOT NULL,
    PRIMARY KEY (node, sequence)
);
CREATE INDEX audit_by_caller ON audit (caller, node, sequence);
-- Slips of the owner are stopped here; whoever can drop a trigger is found by the hash chain.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The row that the self-check writes and reads back.
CREATE TABLE self_check (
    id      INTEGER NOT NULL PRIMARY KEY,
    counter BIGINT NOT NULL
);
INSERT INTO self_check (id, counter) VALUES (1, 0);
