#include <cstdio>

#include "crp-service/store/audit_chain.h"
#include "tests/contracts/store_contract.h"

namespace ndes::test {

WallTime noon() { return *from_rfc3339("2026-11-20T12:00:00.123Z"); }

std::string hex_id(unsigned number) {
    char text[33];
    std::snprintf(text, sizeof(text), "%032x", number);
    return text;
}

crp::Challenge sample_challenge(unsigned number) {
    crp::Challenge challenge;
    challenge.id = hex_id(number);
    challenge.device_id = "device-1";
    challenge.user_id = "user-1";
    challenge.policy_id = "policy-1";
    challenge.certificate_request_id = "ModelName=A;Version=1;Hash=2";
    challenge.expected.subject = "CN=Jos\u00e9";
    challenge.expected.subject_alt_names = {{SubjectAltNameType::upn, "j@example.org"}};
    challenge.expected.key_usage = {{KeyUsage::digital_signature}};
    challenge.expected.extended_key_usage = {{"1.3.6.1.5.5.7.3.2"}};
    challenge.expected.validity_days = 30;
    challenge.not_before = noon() - std::chrono::minutes(1);
    challenge.expires_at = noon() + std::chrono::hours(1);
    challenge.created_at = noon() - std::chrono::minutes(1);
    challenge.owner = "mdm-1";
    return challenge;
}

crp::Decision sample_yes(unsigned number, const crp::Challenge& challenge) {
    crp::Decision decision;
    decision.id = "decision-" + std::to_string(number);
    decision.transaction_id = "transaction-" + std::to_string(number);
    decision.request_id = "request-" + std::to_string(number);
    decision.csr_sha256 = "csr-" + std::to_string(number);
    decision.spki_sha256 = "spki-" + std::to_string(number);
    decision.caller = "ndes-1";
    decision.device_address = "192.0.2.7";
    decision.template_name = "GeneralPurpose";
    decision.challenge_id = challenge.id;
    decision.device_id = challenge.device_id;
    decision.user_id = challenge.user_id;
    decision.policy_id = challenge.policy_id;
    decision.verified = true;
    decision.reason = "Success";
    decision.phase = 3;
    decision.contents = CertificateContents{"CN=a",
                                            {{SubjectAltNameType::dns, "a.example.org"}},
                                            {KeyUsage::digital_signature},
                                            {"1.3.6.1.5.5.7.3.2"},
                                            90,
                                            "GeneralPurpose"};
    decision.outcomes = {{"device_known", 3, true, "Success"}};
    decision.decided_at = noon();
    decision.owner = challenge.owner;
    return decision;
}

crp::Decision sample_no(unsigned number, const crp::Challenge& challenge) {
    crp::Decision decision = sample_yes(number, challenge);
    decision.verified = false;
    decision.reason = "SubjectNameMismatch";
    decision.detail = "CN=\xff\"b\"\n";
    decision.contents.reset();
    decision.outcomes = {{"subject_matches", 3, false, "SubjectNameMismatch"}};
    return decision;
}

crp::StateMessage sample_message(unsigned number, const crp::Decision& decision) {
    crp::StateMessage message;
    message.id = "message-" + std::to_string(number);
    message.state = decision.verified ? crp::StateId::challenge_validation_succeeded
                                      : crp::StateId::challenge_validation_failed;
    message.transaction_id = decision.transaction_id;
    message.decision_id = decision.id;
    message.device_id = decision.device_id;
    message.user_id = decision.user_id;
    message.certificate_request_id = "ModelName=A;Version=1;Hash=2";
    message.reason = decision.reason;
    message.created_at = noon();
    message.owner = decision.owner;
    return message;
}

crp::IssuedCertificate sample_certificate(unsigned number, const crp::Decision& decision) {
    crp::IssuedCertificate certificate;
    certificate.sha256 = "certificate-" + std::to_string(number);
    certificate.serial = "0a" + std::to_string(number);
    certificate.issuer = "CN=CA";
    certificate.subject = "CN=a";
    certificate.spki_sha256 = decision.spki_sha256;
    certificate.not_before = noon();
    certificate.not_after = noon() + std::chrono::hours(24 * 90);
    certificate.decision_id = decision.id;
    certificate.transaction_id = decision.transaction_id;
    certificate.challenge_id = decision.challenge_id;
    certificate.device_id = decision.device_id;
    certificate.user_id = decision.user_id;
    certificate.policy_id = decision.policy_id;
    certificate.recorded_at = noon();
    certificate.sha1 = "thumbprint-" + std::to_string(number);
    certificate.owner = decision.owner;
    return certificate;
}

crp::AuditRecord sample_audit(const std::string& event) {
    crp::AuditRecord record;
    record.time = noon();
    record.event = event;
    record.outcome = "permit";
    record.reason = "Success";
    record.caller = "ndes-1";
    record.peer_address = "192.0.2.1";
    record.facts = {{"device", "device-1"}, {"odd", "\xff\n\"\u00e9"}};
    return record;
}

crp::DecisionCommit commit_of(const crp::Decision& decision, unsigned number,
                              bool counts_as_refusal) {
    return {
        decision, {sample_message(number, decision)}, sample_audit("verify"), counts_as_refusal};
}

crp::NotifyCommit issued(const crp::Decision& decision, const crp::IssuedCertificate& certificate,
                         unsigned number) {
    crp::NotifyCommit commit = not_issued(decision, crp::TransactionState::issued, number);
    commit.hresult = 0;
    commit.certificate = certificate;
    return commit;
}

crp::NotifyCommit not_issued(const crp::Decision& decision, crp::TransactionState outcome,
                             unsigned number) {
    crp::NotifyCommit commit;
    commit.transaction_id = decision.transaction_id;
    commit.decision_id = decision.id;
    commit.outcome = outcome;
    commit.hresult = -2147467259;
    commit.messages = {sample_message(number, decision)};
    commit.audit = sample_audit("notify");
    commit.now = noon() + std::chrono::seconds(1);
    return commit;
}

void post(crp::Store& store, const crp::Challenge& challenge) {
    crp::ChallengeBatch batch;
    batch.challenges = {challenge};
    batch.owner = challenge.owner;
    batch.now = noon();
    auto added = store.add_challenges(batch, sample_audit("post-challenges"));
    REQUIRE(added);
    REQUIRE_FALSE(added->has_value());
}

crp::DecisionOutcome decide(crp::Store& store, const crp::DecisionCommit& commit) {
    auto outcome = store.commit_decision(commit);
    REQUIRE(outcome);
    return *outcome;
}

crp::ChallengeState state_of(crp::Store& store, const crp::Challenge& challenge) {
    auto found = store.find_challenge(challenge.id);
    REQUIRE(found);
    REQUIRE(found->has_value());
    return (*found)->state;
}

std::int64_t audit_length(crp::Store& store) {
    auto tail = crp::verify_audit(store);
    REQUIRE(tail);
    return tail->sequence;
}

}  // namespace ndes::test
