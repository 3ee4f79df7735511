-- Step 3: the thumbprint that state messages name a certificate by, kept with the certificate, since
-- a message about it can be due long after the first one has been removed. Conventions as in step 1.

ALTER TABLE certificate ADD COLUMN sha1 TEXT NOT NULL DEFAULT '';

-- What is still known of those recorded before: some are named by it, of others the message stands.
UPDATE certificate SET sha1 = substr(sha256, 6) WHERE sha256 LIKE 'sha1:%';
UPDATE certificate SET sha1 = message.certificate_sha1
FROM state_message AS message
WHERE message.state = 9 AND message.decision_id = certificate.decision_id AND certificate.sha1 = '';
