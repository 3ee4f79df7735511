#include "crp-service/validation/audit_facts.h"

#include <string>
#include <string_view>
#include <vector>

#include "common/logging/cmtrace.h"
#include "crp-service/validation/contents_text.h"

namespace ndes::crp {
namespace {

constexpr std::size_t kMaxFactOctets = 1024;

const char* key_type_text(KeyType type) {
    switch (type) {
        case KeyType::rsa: return "RSA";
        case KeyType::ec: return "EC";
        case KeyType::other: break;
    }
    return "other";
}

const char* state_text(EnrollmentState state) {
    switch (state) {
        case EnrollmentState::pending: return "pending";
        case EnrollmentState::enrolled: return "enrolled";
        case EnrollmentState::retired: return "retired";
        case EnrollmentState::wiped: return "wiped";
    }
    return "";
}

// RFC 8894 section 7.3: a second use can indicate a breach, so the audit names it as an event.
bool is_security_event(std::string_view reason) {
    return reason == "ChallengeReplayed" || reason == "ChallengeLocked" ||
           reason == "ChallengeDecryptionError" || reason == "SecurityIdentifierMismatch" ||
           reason == "CertificateAuthorityRequested" || reason == "KeyReused";
}

class Facts {
  public:
    explicit Facts(AuditRecord& audit) : facts_(audit.facts) { facts_.reserve(48); }
    void add(const char* name, const std::string& value) {
        if (!value.empty()) facts_.emplace_back(name, value);
    }
    // For what a device or caller wrote.
    void add_foreign(const char* name, const std::string& value) {
        add(name, loggable(value, kMaxFactOctets));
    }

  private:
    std::vector<std::pair<std::string, std::string>>& facts_;
};

void add_caller(Facts& facts, const Caller& caller) {
    facts.add("caller_spki_sha256", caller.spki_sha256);
    facts.add("caller_serial", caller.certificate_serial);
    facts.add("caller_tls", caller.tls);
    if (caller.port != 0) facts.add("peer_port", std::to_string(caller.port));
}

void add_challenge(Facts& facts, const Context& context, const Decision& decision) {
    // An authentic token names its challenge also when the record was not read.
    facts.add("challenge_id", decision.challenge_id.empty() && context.opened
                                  ? context.opened->claims.challenge_id
                                  : decision.challenge_id);
    if (!context.challenge) return;
    facts.add("challenge_issued_by", context.challenge->owner);
    facts.add("challenge_not_before", to_rfc3339(context.challenge->not_before));
    facts.add("challenge_expires", to_rfc3339(context.challenge->expires_at));
    facts.add("attempt", std::to_string(context.challenge->refusals + 1));
}

// What the records said at that moment.
void add_snapshot(Facts& facts, const Context& context, const Decision& decision) {
    facts.add("device_id", decision.device_id);
    if (context.device) facts.add("device_state", state_text(context.device->enrollment_state));
    facts.add("user_id", decision.user_id);
    if (context.user) facts.add("user_enabled", context.user->enabled ? "true" : "false");
    if (context.key_of_other_device) {
        facts.add("key_of_device", context.key_of_other_device->device_id);
        facts.add("key_of_transaction", context.key_of_other_device->transaction_id);
    }
    facts.add("policy_id", decision.policy_id);
    if (context.policy) {
        facts.add("policy_request_id", context.policy->certificate_request_id);
        facts.add("policy_revision", context.policy->revision);
    }
}

void add_requested(Facts& facts, const CertificateRequest& csr) {
    facts.add("key", std::string(key_type_text(csr.key.type)) + " " + std::to_string(csr.key.bits));
    facts.add_foreign("requested_subject", csr.subject.to_text());
    if (csr.subject_alt_names) facts.add_foreign("requested_san", text_of(*csr.subject_alt_names));
    if (csr.key_usage) facts.add("requested_key_usage", text_of(*csr.key_usage));
    if (csr.extended_key_usage) {
        facts.add_foreign("requested_extended_key_usage", text_of(*csr.extended_key_usage));
    }
    if (csr.security_identifier) facts.add_foreign("requested_sid", *csr.security_identifier);
}

void add_approved(Facts& facts, const CertificateContents& contents) {
    facts.add("approved_subject", contents.subject);
    facts.add("approved_san", text_of(contents.subject_alt_names));
    facts.add("approved_key_usage", text_of(contents.key_usage));
    facts.add("approved_extended_key_usage", text_of(contents.extended_key_usage));
    facts.add("approved_sid", contents.security_identifier);
    facts.add("approved_days", std::to_string(contents.validity_days));
}

// "1 passed 412us", "3 refused 95us"
void add_phases(Facts& facts, const Findings& findings) {
    for (const PhaseTime& time : findings.times) {
        const bool refused = findings.refused() && run_of(findings.phase) == time.phase;
        facts.add("phase_result", std::to_string(number_of(time.phase)) +
                                      (refused ? " refused " : " passed ") +
                                      std::to_string(time.spent.count()) + "us");
    }
}

}  // namespace

AuditRecord make_verify_audit(const Context& context, const Findings& findings,
                              const Decision& decision, const Caller& caller) {
    AuditRecord audit;
    audit.time = context.now;
    audit.event = "verify";
    audit.outcome = decision.verified ? "permit" : "deny";
    audit.reason = decision.reason;
    audit.caller = caller.name;
    audit.peer_address = caller.address;
    audit.transaction_id = decision.transaction_id;

    Facts facts(audit);
    facts.add("decision_id", decision.id);
    facts.add("request_id", decision.request_id);
    facts.add("phase", std::to_string(decision.phase));
    add_caller(facts, caller);
    facts.add("csr_sha256", decision.csr_sha256);
    facts.add("spki_sha256", decision.spki_sha256);
    facts.add("signing_sha256", decision.signing_sha256);
    add_challenge(facts, context, decision);
    add_snapshot(facts, context, decision);
    facts.add("template", decision.template_name);
    facts.add("ca_name", context.input.ca_name);
    facts.add("device_address", decision.device_address);
    if (context.csr) add_requested(facts, *context.csr);
    if (decision.contents) add_approved(facts, *decision.contents);
    add_phases(facts, findings);
    if (is_security_event(decision.reason)) facts.add("security_event", decision.reason);
    facts.add("software", context.options.software);
    facts.add("config", context.options.config_hash);
    return audit;
}

}  // namespace ndes::crp
