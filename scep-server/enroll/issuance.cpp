#include "scep-server/enroll/issuance.h"

#include <utility>

#include "common/crypto/general_names.h"
#include "policy-module/include/ndes_policy.h"
#include "scep-server/enroll/csr_contents.h"
#include "scep-server/enroll/policy_refusal.h"
#include "scep-server/issuer/issued_check.h"

namespace ndes::scep {

Issuance::Issuance(IssuanceParts parts, IssuanceRules rules)
    : parts_(parts),
      rules_(std::move(rules)),
      recorder_({parts.journal, parts.seal, parts.clock, std::move(parts.notify_recorded)},
                {rules_.ca_name, rules_.refresh_period, rules_.cache_request}) {}

Outcome Issuance::run(const EnrollmentRequest& request, const Attempt& attempt) const {
    auto known = parts_.journal.find_issued(request.key);
    if (!known)
        return unavailable(attempt, kGetRequestId, "the journal cannot be read", known.error());
    if (*known && parts_.clock.now() < (*known)->issued_at + rules_.cache_request)
        return answer_with(**known, request, attempt);
    auto pending = parts_.journal.pending().find(request.key);
    if (!pending)
        return unavailable(attempt, kGetRequestId, "the journal cannot be read", pending.error());
    if (*pending)
        if (auto outcome = resume(**pending, request, attempt)) return std::move(*outcome);
    return ask_policy(request, *known, attempt);
}

Outcome Issuance::answer_with(const IssuedEntry& entry, const EnrollmentRequest& request,
                              const Attempt& attempt) const {
    Outcome outcome = outcome_of(OutcomeKind::issued, attempt);
    outcome.reply_password = reply_password(request);
    for (const Bytes& der : entry.certificates) {
        auto certificate = Certificate::from_der(der);
        if (!certificate)
            return unavailable(attempt, kGetRequestId, "the journal holds no certificate",
                               certificate.error());
        outcome.certificates.push_back(std::move(*certificate));
    }
    if (outcome.certificates.front().not_after() < parts_.clock.now()) {
        attempt.note(Severity::warning, kFailCertificateRequest,
                     "refused: the certificate issued for this very request has expired",
                     {{"cause", "the certificate issued for this very request has expired"}});
        return outcome_of(OutcomeKind::refused, attempt);
    }
    attempt.note(Severity::info, kNoEvent, "answered again with the certificate issued before",
                 {{"serial", outcome.certificates.front().serial()},
                  {"decision_id", entry.decision_id},
                  {"issued_at", to_rfc3339(entry.issued_at)}});
    return outcome;
}

std::optional<Outcome> Issuance::refuse_without_room(const Attempt& attempt) const {
    if (parts_.notify_room()) return std::nullopt;
    return unavailable(attempt, kAddId, "too many outcomes wait to be told to the policy module",
                       {ErrorCode::unavailable, "policy.notify_most is reached", {}, {}});
}

Outcome Issuance::ask_policy(const EnrollmentRequest& request,
                             const std::optional<IssuedEntry>& issued,
                             const Attempt& attempt) const {
    if (auto full = refuse_without_room(attempt)) return std::move(*full);
    if (!request.names_key_usage && !request.renewal)
        attempt.note(Severity::warning, kNoKeyUsage,
                     "the request names no key usage: both signature and encryption are assumed");
    if (request.renewal) {
        if (auto refused = refuse_revoked_signer(request, attempt)) return std::move(*refused);
        note_unknown_signer(request, attempt);
    }
    PolicyQuestion question;
    question.certificate_request = request.csr.der;
    if (request.renewal) question.signing_certificate = request.signer.der();
    question.template_name = request.template_name;
    question.transaction_id = request.key.transaction_id;
    question.request_id = attempt.request_id();
    question.ca_name = rules_.ca_name;
    question.device_address = attempt.device_address();
    if (!request.renewal && request.csr.challenge) question.challenge = *request.csr.challenge;
    question.usage = request.usage;
    const SteadyTime begun = parts_.clock.steady_now();
    auto verdict = parts_.policy.verify(question);
    const char* const word = !verdict ? "unavailable" : verdict->verified ? "yes" : "no";
    parts_.observer.policy_took(word, parts_.clock.steady_now() - begun);
    if (!verdict) return without_verdict(attempt, verdict.error());
    if (!verdict->verified) return refuse_by_policy(request, attempt, *verdict);
    // A yes repeated is no second one: the policy's retry window may be longer than CacheRequest.
    if (issued && !issued->decision_id.empty() && issued->decision_id == verdict->decision_id)
        return answer_with(*issued, request, attempt);
    return accept(request, attempt, *verdict);
}

// What the module calls broken or forbidden, another try of the device's does not mend
// (ndes_policy.h, verify_request).
Outcome Issuance::without_verdict(const Attempt& attempt, const Error& error) const {
    Outcome outcome = unavailable(attempt, kFailCertificateRequest,
                                  "the policy module could not check the request", error);
    if (!is_retryable(error.code)) outcome.kind = OutcomeKind::refused;
    return outcome;
}

Outcome Issuance::refuse_by_policy(const EnrollmentRequest& request, const Attempt& attempt,
                                   const PolicyAnswer& verdict) const {
    attempt.note(Severity::warning, event_of_refusal(verdict.reason),
                 "refused by the policy module",
                 {{"reason", verdict.reason},
                  {"cause", verdict.reason},
                  {"detail", verdict.detail},
                  {"key_usage", verdict.key_usage},
                  {"template", request.template_name},
                  {"kind", kind_of(request)}});
    return outcome_of(OutcomeKind::refused, attempt);
}

// A certificate that its CA has revoked vouches for nothing.
std::optional<Outcome> Issuance::refuse_revoked_signer(const EnrollmentRequest& request,
                                                       const Attempt& attempt) const {
    const auto reason = parts_.revocation.reason_of(request.signer);
    if (!reason)
        return unavailable(attempt, kGetRequestId,
                           "whether the renewal's signing certificate is revoked cannot be told",
                           reason.error());
    if (!*reason) return std::nullopt;
    attempt.note(Severity::warning, kFailCertificateRequest,
                 "refused: the renewal's signing certificate is revoked",
                 {{"cause", "the signing certificate is revoked"},
                  {"signer_serial", request.signer.serial()},
                  {"signer_subject", request.signer.subject_text()},
                  {"reason", std::string(to_string(**reason))}});
    return outcome_of(OutcomeKind::refused, attempt);
}

// No reason to refuse: the CA may have issued it through another server, or before this journal.
void Issuance::note_unknown_signer(const EnrollmentRequest& request, const Attempt& attempt) const {
    const auto known = parts_.journal.has_certificate(request.key.signing_sha256);
    if (known && !*known)
        attempt.note(Severity::info, kNoEvent,
                     "the renewal's signing certificate is of this CA, but not of this journal",
                     {{"signer_serial", request.signer.serial()},
                      {"signer_subject", request.signer.subject_text()}});
}

Outcome Issuance::accept(const EnrollmentRequest& request, const Attempt& attempt,
                         const PolicyAnswer& verdict) const {
    auto contents = verdict.contents ? Result<CertificateContents>(*verdict.contents)
                                     : contents_from_request(request.csr, request.template_name,
                                                             rules_.default_validity_days);
    const Order order{request, contents ? *contents : CertificateContents{}, verdict.decision_id,
                      nullptr};
    if (!contents)
        return recorder_.failure(order, attempt,
                                 {kFailSubmit, NDES_POLICY_E_FAIL, contents.error().text});
    if (auto names = to_general_names(contents->subject_alt_names); !names)
        return recorder_.failure(
            order, attempt,
            {kFailAddAlternative, NDES_POLICY_E_FAIL, "subjectAltName: " + names.error().text});
    if (rules_.manual_approval)
        return recorder_.pending(order, attempt, PendingState::waiting, "waits for an operator");
    return ask_ca(order, attempt);
}

Outcome Issuance::ask_ca(const Order& order, const Attempt& attempt) const {
    const IssueRequest question{order.contents, &order.request.csr,
                                order.request.key.transaction_id, order.request.renewal};
    const SteadyTime begun = parts_.clock.steady_now();
    auto answer = parts_.issuer.issue(question);
    const SteadyTime::duration time = parts_.clock.steady_now() - begun;
    if (!answer) {
        parts_.observer.ca_took("unavailable", time);
        return unavailable(attempt, order.pending != nullptr ? kFailQueryCa : kFailSubmit,
                           "the CA could not be asked", answer.error());
    }
    if (answer->state == IssueState::issued && !answer->certificates.empty()) {
        const auto fault = fault_of_issued(answer->certificates.front(), question,
                                           parts_.issuer.ca_chain().front(), parts_.clock.now());
        parts_.observer.ca_took(fault ? "unfit" : "issued", time);
        return take_issued(order, attempt, std::move(*answer), fault);
    }
    if (answer->state == IssueState::pending) {
        parts_.observer.ca_took("pending", time);
        return recorder_.pending(order, attempt, PendingState::at_ca, answer->text);
    }
    parts_.observer.ca_took("refused", time);
    return recorder_.failure(order, attempt, {kFailSubmit, NDES_POLICY_E_FAIL, answer->text});
}

// A CA that answers with another certificate than asked for must not reach the device.
Outcome Issuance::take_issued(const Order& order, const Attempt& attempt, IssueAnswer answer,
                              const std::optional<std::string>& fault) const {
    if (fault)
        return recorder_.failure(order, attempt,
                                 {kFailSubmit, NDES_POLICY_E_INVALID_RESPONSE,
                                  "the CA issued a certificate " + *fault + ", serial " +
                                      answer.certificates.front().serial()});
    return recorder_.success(order, attempt, std::move(answer.certificates));
}

}  // namespace ndes::scep
