-- What crpd's role may do; given again by `crpctl db create` and `crpctl db migrate` in the last
-- step's transaction. :role is that role's name, quoted. Nothing is granted on what is not here,
-- and nobody may change or delete the audit.

REVOKE ALL ON ALL TABLES IN SCHEMA crp FROM :role;
GRANT USAGE ON SCHEMA crp TO :role;
GRANT SELECT ON schema_step, last_restore TO :role;
GRANT SELECT, INSERT, UPDATE ON node, self_check, sink_lease TO :role;
GRANT SELECT, INSERT ON audit, audit_checkpoint TO :role;
GRANT SELECT, INSERT, UPDATE, DELETE ON mdm_user, device, policy, template, challenge,
    challenge_answer, decision, key_claim, certificate, state_message, delivery TO :role;
GRANT USAGE ON SEQUENCE challenge_number, decision_sequence, certificate_sequence,
    state_message_sequence TO :role;
