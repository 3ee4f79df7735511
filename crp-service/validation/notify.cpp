// VerifyService::notify: what became of a verified request, told by the NDES side.
#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "common/crypto/certificate_facts.h"
#include "common/logging/cmtrace.h"
#include "crp-service/validation/deviations.h"
#include "crp-service/validation/recording.h"
#include "crp-service/validation/request_log.h"
#include "crp-service/validation/verify_service.h"

namespace ndes::crp {
namespace {

// What each X509SCEPDisposition means here. Unknown (-1) is told to the audit alone.
struct Meaning {
    std::int32_t disposition;
    TransactionState outcome;
    StateId state;
    const char* sending;  // the original's line
};
constexpr std::array<Meaning, 4> kMeanings{{
    {0, TransactionState::issued, StateId::issued, "Sending Success state message"},
    {2, TransactionState::failed, StateId::issue_failed, "Sending Failure state message"},
    {3, TransactionState::pending, StateId::issue_pending, "Sending Pending state message"},
    {11, TransactionState::pending, StateId::issue_pending, "Sending Pending state message"},
}};
constexpr std::int32_t kUnknownDisposition = -1;
constexpr std::size_t kMaxErrorText = 512;

CertificateFacts facts_of(const NamedCertificate& named, WallTime now) {
    CertificateFacts facts;
    facts.sha256 = "sha1:" + named.sha1;
    facts.sha1 = named.sha1;
    facts.serial = named.serial;
    facts.spki_sha256 = named.spki_sha256;
    facts.issuer = named.issuer;
    facts.not_before = now;  // not told; it is not later
    facts.not_after = named.not_after;
    return facts;
}

Result<std::optional<CertificateFacts>> read_certificate(const NotifyInput& input, WallTime now) {
    const bool issued = input.disposition == 0;
    if (issued && input.named_certificate && !input.certificate) {
        return std::optional<CertificateFacts>(facts_of(*input.named_certificate, now));
    }
    if (issued != input.certificate.has_value()) {
        return fail(ErrorCode::bad_request,
                    issued ? "certificate is missing, though disposition is 0 (issued)"
                           : "certificate is given, though disposition is not 0 (issued)");
    }
    if (!issued) return std::nullopt;
    Result<CertificateFacts> certificate = read_certificate_facts(*input.certificate);
    if (!certificate) return pass_on(certificate, "certificate");
    return std::optional<CertificateFacts>(std::move(*certificate));
}

AuditRecord make_audit(const NotifyInput& input, const Caller& caller, WallTime now) {
    AuditRecord audit;
    audit.time = now;
    audit.event = "notify";
    audit.outcome = "permit";
    audit.caller = caller.name;
    audit.peer_address = caller.address;
    audit.transaction_id = input.transaction_id;
    audit.facts = {{"request_id", input.request_id},
                   {"disposition", std::to_string(input.disposition)},
                   {"hresult", hresult_text(input.hresult)},
                   {"caller_spki_sha256", caller.spki_sha256},
                   {"caller_serial", caller.certificate_serial},
                   {"caller_tls", caller.tls}};
    if (!input.error_text.empty()) {
        audit.facts.emplace_back("error_text", loggable(input.error_text, kMaxErrorText));
    }
    return audit;
}

// The verified decision that a Notify reports on: the one made for its request ID, or, when a
// repeated request got a standing yes, the newest of the transaction for this key.
Result<Decision> find_reported(Store& store, const NotifyInput& input, const Caller& caller,
                               const std::optional<CertificateFacts>& certificate) {
    const std::string spki = certificate ? certificate->spki_sha256 : std::string();
    Result<std::optional<Decision>> by_request =
        store.find_decision_by_request(caller.name, input.request_id);
    if (!by_request) return pass_on(by_request);
    std::optional<Decision> reported;
    if (*by_request && (*by_request)->verified) {
        if ((*by_request)->transaction_id != input.transaction_id) {
            return fail(ErrorCode::conflict, "requestId belongs to another transaction");
        }
        reported = std::move(*by_request);
    } else {
        Result<std::optional<Decision>> newest = store.find_verified(input.transaction_id, spki);
        if (!newest) return pass_on(newest);
        reported = std::move(*newest);
    }
    if (!reported) {
        return fail(ErrorCode::not_found, "no verified request has this transactionId");
    }
    if (!spki.empty() && reported->spki_sha256 != spki) {
        return fail(ErrorCode::conflict, "certificate has another key than the verified request");
    }
    return std::move(*reported);
}

IssuedCertificate make_record(const CertificateFacts& certificate, const Decision& decision,
                              WallTime now) {
    IssuedCertificate record;
    record.sha256 = certificate.sha256;
    record.sha1 = certificate.sha1;
    record.serial = certificate.serial;
    record.issuer = certificate.issuer;
    record.subject = certificate.subject;
    if (record.subject.empty() && decision.contents) record.subject = decision.contents->subject;
    record.spki_sha256 = certificate.spki_sha256;
    record.not_before = certificate.not_before;
    record.not_after = certificate.not_after;
    record.decision_id = decision.id;
    record.transaction_id = decision.transaction_id;
    record.challenge_id = decision.challenge_id;
    record.device_id = decision.device_id;
    record.user_id = decision.user_id;
    record.policy_id = decision.policy_id;
    record.renews = decision.signing_sha256;
    record.recorded_at = now;
    record.owner = decision.owner;
    return record;
}

// The ID under which the MDM knows the request: that of the challenge, or of the policy renewed.
Result<std::string> request_id_of(Store& store, const Decision& decision) {
    if (!decision.challenge_id.empty()) {
        Result<std::optional<Challenge>> challenge = store.find_challenge(decision.challenge_id);
        if (!challenge) return pass_on(challenge);
        if (*challenge) return (*challenge)->certificate_request_id;
    }
    Result<std::optional<Policy>> policy = store.find_policy(decision.policy_id);
    if (!policy) return pass_on(policy);
    return *policy ? (*policy)->certificate_request_id : std::string();
}

struct Reported {
    Decision decision;
    std::string certificate_request_id;
};

Result<Reported> read_reported(Store& store, const NotifyInput& input, const Caller& caller,
                               const std::optional<CertificateFacts>& certificate) {
    const auto one_state = store.read_scope();
    Result<Decision> decision = find_reported(store, input, caller, certificate);
    if (!decision) return pass_on(decision);
    Result<std::string> id = request_id_of(store, *decision);
    if (!id) return pass_on(id);
    return Reported{std::move(*decision), std::move(*id)};
}

void add_decision(AuditRecord& audit, const Decision& decision) {
    audit.facts.emplace_back("decision_id", decision.id);
    audit.facts.emplace_back("device_id", decision.device_id);
    if (!decision.user_id.empty()) audit.facts.emplace_back("user_id", decision.user_id);
}

// A named certificate tells nothing of what it says.
std::vector<Deviation> find_deviations(const NotifyInput& input,
                                       const std::optional<CertificateFacts>& certificate,
                                       const Decision& decision) {
    if (!certificate || !input.certificate || !decision.contents) return {};
    return deviations_of(*input.certificate, *certificate, *decision.contents);
}

void add_certificate(AuditRecord& audit, const IssuedCertificate& certificate) {
    audit.facts.emplace_back("certificate_sha256", certificate.sha256);
    audit.facts.emplace_back("certificate_serial", certificate.serial);
    audit.facts.emplace_back("certificate_issuer", certificate.issuer);
    audit.facts.emplace_back("not_before", to_rfc3339(certificate.not_before));
    audit.facts.emplace_back("not_after", to_rfc3339(certificate.not_after));
}

void add_issued(NotifyCommit& commit, StateMessage& message, const CertificateFacts& certificate,
                const Decision& decision) {
    commit.certificate = make_record(certificate, decision, commit.now);
    message.certificate_sha1 = certificate.sha1;
    message.certificate_serial = certificate.serial;
    add_certificate(commit.audit, *commit.certificate);
}

}  // namespace

Result<void> VerifyService::notify(const NotifyInput& input, const Caller& caller) {
    RequestLog log(log_, input.transaction_id, input.request_id);
    log.info("Notify Started.");
    Result<void> taken = take_notice(input, caller, log);
    if (!taken) {
        log.error("Notify could not be carried out: " + taken.error().text);
        // What contradicts the records is worth a record of its own. If this fails as well, the
        // caller still gets the first error and repeats the call.
        if (!is_retryable(taken.error().code)) {
            AuditRecord audit = make_audit(input, caller, clock_.now());
            audit.outcome = "deny";
            audit.facts.emplace_back("fault", taken.error().text);
            if (Result<void> written = store_.append_audit(std::move(audit)); !written) {
                log.error("The audit record could not be written: " + written.error().text);
            }
        }
        return taken;
    }
    log.info("Notify Finished.");
    return {};
}

Result<void> VerifyService::take_notice(const NotifyInput& input, const Caller& caller,
                                        RequestLog& log) {
    const auto* const meaning =
        std::ranges::find(kMeanings, input.disposition, &Meaning::disposition);
    if (meaning == kMeanings.end() && input.disposition != kUnknownDisposition) {
        return fail(ErrorCode::bad_request, "disposition is not one of -1, 0, 2, 3, 11");
    }
    Result<std::optional<CertificateFacts>> certificate = read_certificate(input, clock_.now());
    if (!certificate) return pass_on(certificate);
    Result<Reported> reported = read_reported(store_, input, caller, *certificate);
    if (!reported) return pass_on(reported);
    const Decision* const decision = &reported->decision;
    log.add("device_id", decision->device_id);
    log.add("user_id", decision->user_id);

    NotifyCommit commit;
    commit.now = clock_.now();
    commit.audit = make_audit(input, caller, commit.now);
    add_decision(commit.audit, *decision);
    if (meaning == kMeanings.end()) return store_.append_audit(std::move(commit.audit));

    log.info("Beginning state message creation...");
    if (options_.seals_state_messages) {  // spelled as in the original
        log.info("Retrieveing the CRP certificate");
        log.info("Retrieving the GWP or MP certificate.");
    }
    const bool issued = meaning->outcome == TransactionState::issued;
    StateMessage message = make_state_message(
        *decision, meaning->state, issued ? std::string(kSuccess) : hresult_text(input.hresult),
        clock_, random_);
    message.certificate_request_id = std::move(reported->certificate_request_id);
    if (*certificate) add_issued(commit, message, **certificate, *decision);
    // It exists, so it is on record and can be revoked; what it says is told to the operator.
    const std::vector<Deviation> deviations = find_deviations(input, *certificate, *decision);
    if (!deviations.empty()) commit.audit.facts.emplace_back("deviates", fields_of(deviations));
    commit.transaction_id = decision->transaction_id;
    commit.decision_id = decision->id;
    commit.outcome = meaning->outcome;
    commit.hresult = input.hresult;
    commit.audit.facts.emplace_back("state_message_id", message.id);
    commit.audit.facts.emplace_back("software", options_.software);
    commit.audit.facts.emplace_back("config", options_.config_hash);
    commit.messages.push_back(std::move(message));
    const SteadyTime start = clock_.steady_now();
    Result<NotifyOutcome> outcome = store_.commit_notify(commit);
    if (!outcome) return pass_on(outcome);
    if (observer_ != nullptr) {
        observer_->write_took("commit_notify", clock_.steady_now() - start);
        if (*outcome == NotifyOutcome::recorded) observer_->outcome_recorded(commit.outcome);
    }
    if (*outcome == NotifyOutcome::recorded && !deviations.empty()) {
        log.error(line_of(deviations));
        if (observer_ != nullptr) observer_->certificate_deviated();
    }
    log.info(*outcome == NotifyOutcome::repeated
                 ? "The same outcome was told before; no state message is sent again."
                 : meaning->sending);
    return {};
}

}  // namespace ndes::crp
