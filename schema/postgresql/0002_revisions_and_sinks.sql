-- Step 2: revisions for conditional changes, several sinks, signed audit checkpoints, retention.
-- Conventions as in step 1.

-- ---- what the MDM tells; owner: the caller that created the record, empty: an admin;
-- revision: names the audit record that wrote the record, NODE-SEQUENCE

ALTER TABLE mdm_user ADD COLUMN owner TEXT COLLATE "C" NOT NULL DEFAULT '',
                     ADD COLUMN revision TEXT NOT NULL DEFAULT '0';
ALTER TABLE device ADD COLUMN registered_keys_json TEXT NOT NULL DEFAULT '[]',
                   ADD COLUMN owner TEXT COLLATE "C" NOT NULL DEFAULT '',
                   ADD COLUMN revision TEXT NOT NULL DEFAULT '0';
ALTER TABLE policy ADD COLUMN require_registered_key BOOLEAN NOT NULL DEFAULT false,
                   ADD COLUMN security_identifier_extension BOOLEAN NOT NULL DEFAULT false,
                   ADD COLUMN owner TEXT COLLATE "C" NOT NULL DEFAULT '',
                   ADD COLUMN revision TEXT NOT NULL DEFAULT '0';
ALTER TABLE template ADD COLUMN owner TEXT COLLATE "C" NOT NULL DEFAULT '',
                     ADD COLUMN revision TEXT NOT NULL DEFAULT '0';

-- ---- challenges

ALTER TABLE challenge ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
CREATE INDEX challenge_by_device ON challenge (device_id);
-- What a certificate came of is found through the certificate; the rest, by its end.
CREATE INDEX challenge_not_completed ON challenge (expires_at) WHERE state <> 'completed';

-- ---- decisions: one index leads to a question as well as to a transaction's history

DROP INDEX decision_by_question;
DROP INDEX decision_by_transaction;
CREATE INDEX decision_by_question ON decision (transaction_id, csr_sha256);
CREATE INDEX decision_by_device ON decision (device_id);
-- Small: what waits for Notify, by key (two devices may not ask with one) and by time.
CREATE INDEX decision_key_in_flight ON decision (spki_sha256)
    WHERE state IN ('verified', 'pending', 'unconfirmed');
CREATE INDEX decision_awaiting_notify ON decision (decided_at) WHERE state = 'verified';
-- What led to no certificate, for the retention job.
CREATE INDEX decision_without_certificate ON decision (decided_at)
    WHERE state IN ('refused', 'failed', 'unconfirmed');

-- A key that a yes is being decided for: locked by its row, so that of two programs that decide
-- for one key at once the second sees what the first has recorded. Means nothing afterwards.
CREATE TABLE key_claim (
    spki_sha256 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    claimed_at  BIGINT NOT NULL
);
CREATE INDEX key_claim_by_time ON key_claim (claimed_at);

-- ---- certificates

ALTER TABLE certificate ADD COLUMN revoked_at BIGINT,
                        ADD COLUMN revocation_reason TEXT NOT NULL DEFAULT '';
CREATE INDEX certificate_by_expiry ON certificate (not_after);
CREATE INDEX certificate_by_renewed ON certificate (renews) WHERE renews <> '';

-- ---- outbox: messages are written once; what is outstanding stands beside them, a row for each
-- message and sink, and goes when the sink has taken it

CREATE TABLE delivery (
    sink            TEXT COLLATE "C" NOT NULL,
    message         BIGINT NOT NULL,  -- state_message.sequence
    transaction_id  TEXT COLLATE "C" NOT NULL,
    attempts        INTEGER NOT NULL,
    next_attempt_at BIGINT,
    dead_at         BIGINT,
    last_error      BYTEA NOT NULL,
    PRIMARY KEY (sink, message)
);
CREATE INDEX delivery_order ON delivery (sink, transaction_id, message) WHERE dead_at IS NULL;
CREATE INDEX delivery_by_message ON delivery (message);

INSERT INTO delivery (sink, message, transaction_id, attempts, next_attempt_at, dead_at, last_error)
SELECT 'inbox', sequence, transaction_id, attempts, next_attempt_at, NULL, last_error
FROM state_message WHERE delivered_at IS NULL;

DROP INDEX state_message_waiting;
ALTER TABLE state_message DROP COLUMN attempts, DROP COLUMN delivered_at,
                          DROP COLUMN next_attempt_at, DROP COLUMN last_error;

-- Which node empties a sink, and until when without asking again.
CREATE TABLE sink_lease (
    sink       TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    node       TEXT NOT NULL,
    held_until BIGINT NOT NULL
);

-- ---- audit

CREATE TABLE audit_checkpoint (
    node      TEXT COLLATE "C" NOT NULL,
    sequence  BIGINT NOT NULL,
    hash      TEXT NOT NULL,
    time      BIGINT NOT NULL,
    key_id    TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (node, sequence)
);
CREATE TRIGGER audit_checkpoint_is_never_changed
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
