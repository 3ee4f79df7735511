#include "scep-server/enroll/issuance.h"

#include <utility>

#include "policy-module/include/ndes_policy.h"
#include "scep-server/enroll/csr_contents.h"

namespace ndes::scep {
namespace {

std::string cause_of(const Error& error) {
    return error.detail.empty() ? error.text : error.text + " (" + error.detail + ")";
}

Outcome outcome_of(OutcomeKind kind, const Attempt& attempt) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.request_id = attempt.request_id();
    return outcome;
}

// No verdict. The device repeats later, and so nothing is spent.
Outcome unavailable(const Attempt& attempt, NdesEvent event, std::string_view text,
                    const Error& error) {
    attempt.note(Severity::error, event, text,
                 {{"cause", cause_of(error)}, {"code", std::string(to_string(error.code))}});
    Outcome outcome = outcome_of(OutcomeKind::unavailable, attempt);
    if (error.retry_after) outcome.retry_after = *error.retry_after;
    return outcome;
}

const char* kind_of(const EnrollmentRequest& request) {
    return request.renewal ? "renewal" : "initial";
}

}  // namespace

Issuance::Issuance(IssuanceParts parts, int default_validity_days)
    : parts_(std::move(parts)),
      default_validity_days_(default_validity_days),
      ca_name_(parts_.issuer.name()) {}

Outcome Issuance::run(const EnrollmentRequest& request, const Attempt& attempt) const {
    auto known = parts_.journal.find_issued(request.key);
    if (!known) return unavailable(attempt, kAddId, "the journal cannot be read", known.error());
    if (!*known) return ask_policy(request, attempt);

    Outcome outcome = outcome_of(OutcomeKind::issued, attempt);
    for (const Bytes& der : (*known)->certificates) {
        auto certificate = Certificate::from_der(der);
        if (!certificate)
            return unavailable(attempt, kAddId, "the journal holds no certificate",
                               certificate.error());
        outcome.certificates.push_back(std::move(*certificate));
    }
    if (outcome.certificates.front().not_after() < parts_.clock.now()) {
        attempt.note(Severity::warning, kInvalidPassword,
                     "refused: the certificate issued for this very request has expired");
        return outcome_of(OutcomeKind::refused, attempt);
    }
    attempt.note(Severity::info, kNoEvent, "answered again with the certificate issued before",
                 {{"serial", outcome.certificates.front().serial()},
                  {"decision_id", (*known)->decision_id},
                  {"issued_at", to_rfc3339((*known)->issued_at)}});
    return outcome;
}

Outcome Issuance::ask_policy(const EnrollmentRequest& request, const Attempt& attempt) const {
    if (!request.names_key_usage && !request.renewal)
        attempt.note(Severity::debug, kNoKeyUsage,
                     "the request names no key usage: both signature and encryption are assumed");
    if (request.renewal) note_unknown_signer(request, attempt);
    PolicyQuestion question;
    question.certificate_request = request.csr.der;
    if (request.renewal) question.signing_certificate = request.signer.der();
    question.template_name = request.template_name;
    question.transaction_id = request.key.transaction_id;
    question.request_id = attempt.request_id();
    question.ca_name = ca_name_;
    question.device_address = attempt.device_address();
    auto verdict = parts_.policy.verify(question);
    if (!verdict)
        return unavailable(attempt, kFailCertificateRequest,
                           "the policy module could not check the request", verdict.error());
    if (!verdict->verified) {
        attempt.note(Severity::warning, kInvalidPassword, "refused by the policy module",
                     {{"reason", verdict->reason},
                      {"detail", verdict->detail},
                      {"template", request.template_name},
                      {"kind", kind_of(request)}});
        return outcome_of(OutcomeKind::refused, attempt);
    }
    return issue(request, attempt, *verdict);
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

Outcome Issuance::issue(const EnrollmentRequest& request, const Attempt& attempt,
                        const PolicyAnswer& verdict) const {
    IssueRequest order{{}, &request.csr, request.key.transaction_id};
    if (verdict.contents) {
        order.contents = *verdict.contents;
    } else {
        auto contents =
            contents_from_request(request.csr, request.template_name, default_validity_days_);
        if (!contents) return record_failure(request, attempt, contents.error().text);
        order.contents = std::move(*contents);
    }
    auto answer = parts_.issuer.issue(order);
    if (!answer)
        return unavailable(attempt, kFailSubmit, "the CA could not be asked", answer.error());
    switch (answer->state) {
        case IssueState::issued:
            if (answer->certificates.empty()) break;
            return record_success(request, attempt, verdict, std::move(answer->certificates));
        case IssueState::pending: return record_pending(request, attempt, answer->text);
        case IssueState::refused: break;
    }
    return record_failure(request, attempt, answer->text);
}

Outcome Issuance::record_success(const EnrollmentRequest& request, const Attempt& attempt,
                                 const PolicyAnswer& verdict,
                                 std::vector<Certificate> certificates) const {
    const Certificate& leaf = certificates.front();
    // A CA that answers with someone else's certificate must not reach the device.
    if (leaf.spki_sha256() != request.csr.spki_sha256)
        return record_failure(request, attempt, "the CA issued for another public key");
    auto notify = make_notify(request, attempt);
    if (!notify) return unavailable(attempt, kAddId, "nothing is recorded", notify.error());
    notify->disposition = NDES_POLICY_DISPOSITION_SUCCESS;
    notify->certificate = leaf.der();
    IssuedEntry entry{request.key, verdict.decision_id, {}, parts_.clock.now()};
    for (const Certificate& certificate : certificates)
        entry.certificates.push_back(certificate.der());
    if (auto recorded = parts_.journal.record_issued(entry, *notify); !recorded) {
        Error error = std::move(recorded.error());
        error.detail += " serial " + leaf.serial() + " was signed and is not handed out";
        return unavailable(attempt, kAddId, "the journal could not record the certificate", error);
    }
    parts_.notify_recorded();
    attempt.note(Severity::info, kNoEvent, "certificate issued",
                 {{"serial", leaf.serial()},
                  {"subject", leaf.subject_text()},
                  {"not_after", to_rfc3339(leaf.not_after())},
                  {"decision_id", verdict.decision_id},
                  {"template", request.template_name},
                  {"kind", kind_of(request)},
                  {"contents", verdict.contents ? "policy" : "request"}});
    Outcome outcome = outcome_of(OutcomeKind::issued, attempt);
    outcome.certificates = std::move(certificates);
    return outcome;
}

Outcome Issuance::record_pending(const EnrollmentRequest& request, const Attempt& attempt,
                                 const std::string& text) const {
    if (auto recorded =
            record_notify(request, attempt, NDES_POLICY_DISPOSITION_PENDING, NDES_POLICY_OK);
        !recorded)
        return unavailable(attempt, kAddId, "the journal could not record a pending request",
                           recorded.error());
    attempt.note(Severity::info, kNoEvent, "the CA holds the request for approval",
                 {{"ca_text", text}});
    return outcome_of(OutcomeKind::pending, attempt);
}

Outcome Issuance::record_failure(const EnrollmentRequest& request, const Attempt& attempt,
                                 const std::string& text) const {
    if (auto recorded =
            record_notify(request, attempt, NDES_POLICY_DISPOSITION_FAILURE, NDES_POLICY_E_FAIL);
        !recorded)
        return unavailable(attempt, kAddId, "the journal could not record a refusal of the CA",
                           recorded.error());
    attempt.note(Severity::error, kFailSubmit, "verified, but the CA issues no certificate",
                 {{"ca_text", text}});
    return outcome_of(OutcomeKind::refused, attempt);
}

Result<PendingNotify> Issuance::make_notify(const EnrollmentRequest& request,
                                            const Attempt& attempt) const {
    PendingNotify notify;
    notify.transaction_id = request.key.transaction_id;
    notify.request_id = attempt.request_id();
    if (request.renewal || !request.csr.challenge) return notify;
    auto sealed =
        parts_.seal.seal(*request.csr.challenge, {notify.transaction_id, notify.request_id});
    if (!sealed) return pass_on(sealed);
    notify.challenge_sealed = std::move(*sealed);
    return notify;
}

Result<void> Issuance::record_notify(const EnrollmentRequest& request, const Attempt& attempt,
                                     std::int32_t disposition, std::int32_t last_result) const {
    auto notify = make_notify(request, attempt);
    if (!notify) return pass_on(notify);
    notify->disposition = disposition;
    notify->last_result = last_result;
    if (auto recorded = parts_.journal.record_notify(*notify); !recorded) return recorded;
    parts_.notify_recorded();
    return {};
}

}  // namespace ndes::scep
