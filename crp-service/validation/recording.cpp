#include "crp-service/validation/recording.h"

#include <cstdio>
#include <utility>

#include "crp-service/validation/audit_facts.h"

namespace ndes::crp {

CertificateContents contents_of(const Context& context) {
    const ExpectedContents& expected = context.expected.value();
    CertificateContents contents = expected.contents;
    // The RDNs are the record's; their order is the CSR's, since some clients look for the very
    // name they asked for.
    if (!expected.subject.empty()) contents.subject = context.csr.value().subject.to_text();
    return contents;
}

namespace {

Decision make_decision(const Context& context, const Findings& findings, const Caller& caller,
                       const Clock& clock, Random& random) {
    Decision decision;
    decision.id = make_uuid(clock, random);
    decision.transaction_id = context.input.transaction_id;
    decision.request_id = context.input.request_id;
    decision.csr_sha256 = context.csr_sha256;
    if (context.csr) decision.spki_sha256 = context.csr->spki_sha256;
    decision.signing_sha256 = context.signing_sha256;
    decision.caller = caller.name;
    decision.device_address = context.input.device_address;
    decision.template_name = context.input.template_name;
    if (context.challenge) decision.challenge_id = context.challenge->id;
    decision.device_id = context.device_id;
    decision.user_id = context.user_id;
    decision.policy_id = context.policy_id;
    decision.verified = !findings.refused();
    decision.reason = std::string(findings.reason);
    decision.phase = number_of(findings.phase);
    decision.detail = findings.detail;
    if (decision.verified) decision.contents = contents_of(context);
    decision.outcomes = findings.outcomes;
    decision.decided_at = context.now;
    decision.owner = context.owner;
    return decision;
}

StateId state_of(const Decision& decision) {
    if (!decision.verified) return StateId::challenge_validation_failed;
    return decision.is_renewal() ? StateId::renew_verified
                                 : StateId::challenge_validation_succeeded;
}

}  // namespace

StateMessage make_state_message(const Decision& decision, StateId state, std::string reason,
                                const Clock& clock, Random& random) {
    StateMessage message;
    message.id = make_uuid(clock, random);
    message.state = state;
    message.transaction_id = decision.transaction_id;
    message.decision_id = decision.id;
    message.device_id = decision.device_id;
    message.user_id = decision.user_id;
    message.reason = std::move(reason);
    message.created_at = clock.now();
    message.owner = decision.owner;
    return message;
}

DecisionCommit make_decision_commit(const Context& context, const Findings& findings,
                                    const Caller& caller, const Clock& clock, Random& random) {
    DecisionCommit commit;
    commit.decision = make_decision(context, findings, caller, clock, random);
    StateMessage message = make_state_message(commit.decision, state_of(commit.decision),
                                              commit.decision.reason, clock, random);
    if (context.challenge) {
        message.certificate_request_id = context.challenge->certificate_request_id;
    } else if (context.policy) {
        message.certificate_request_id = context.policy->certificate_request_id;
    }
    commit.messages.push_back(std::move(message));
    commit.audit = make_verify_audit(context, findings, commit.decision, caller);
    commit.audit.facts.emplace_back("state_message_id", commit.messages.front().id);
    const Reason* const reason = find_reason(findings.reason);
    commit.counts_as_refusal =
        reason != nullptr && reason->counts_as_refusal && context.challenge.has_value();
    // A refusal that does not count leaves nothing behind: the MDM may put its cause right.
    if (context.is_first_seen && (commit.decision.verified || commit.counts_as_refusal)) {
        commit.first_seen = context.challenge;
    }
    return commit;
}

std::string hresult_text(std::int32_t hresult) {
    char text[sizeof "0x00000000"];
    std::snprintf(text, sizeof text, "0x%08x", static_cast<unsigned>(hresult));
    return text;
}

}  // namespace ndes::crp
