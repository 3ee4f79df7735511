#include "scep-server/enroll/outcome_recorder.h"

#include <utility>

#include "policy-module/include/ndes_policy.h"
#include "scep-server/enroll/policy_refusal.h"
#include "scep-server/policy_host/module_answer.h"

namespace ndes::scep {

Outcome outcome_of(OutcomeKind kind, const Attempt& attempt) {
    Outcome outcome;
    outcome.kind = kind;
    outcome.request_id = attempt.request_id();
    return outcome;
}

Outcome unavailable(const Attempt& attempt, NdesEvent event, std::string_view text,
                    const Error& error) {
    attempt.note(Severity::error, event, text,
                 {{"cause", error.with_detail()},
                  {"code", std::string(to_string(error.code))},
                  {"error_code", hex_of(result_of(error.code))}});
    Outcome outcome = outcome_of(OutcomeKind::unavailable, attempt);
    if (error.retry_after) outcome.retry_after = *error.retry_after;
    return outcome;
}

std::string reply_password(const EnrollmentRequest& request) {
    if (request.csr.key.type == KeyType::rsa && !request.renewal) return {};
    return request.csr.challenge.value_or("");
}

const char* kind_of(const EnrollmentRequest& request) {
    return request.renewal ? "renewal" : "initial";
}

Outcome OutcomeRecorder::success(const Order& order, const Attempt& attempt,
                                 std::vector<Certificate> certificates) const {
    const EnrollmentRequest& request = order.request;
    const Certificate& leaf = certificates.front();
    const std::string request_id =
        order.pending != nullptr ? order.pending->request_id : attempt.request_id();
    auto notify = make_notify(
        request, {request_id, NDES_POLICY_DISPOSITION_SUCCESS, NDES_POLICY_OK, leaf.der()},
        parts_.seal);
    if (!notify) return unavailable(attempt, kAddId, "nothing is recorded", notify.error());
    const WallTime now = parts_.clock.now();
    IssuedEntry entry{request.key, order.decision_id, {}, now, leaf.serial(), std::nullopt};
    if (order.pending != nullptr) entry.pending_id = order.pending->id;
    for (const Certificate& certificate : certificates)
        entry.certificates.push_back(certificate.der());
    if (auto recorded = parts_.journal.record_issued(entry, *notify, now - rules_.cache_request);
        !recorded) {
        Error error = std::move(recorded.error());
        error.detail += " serial " + leaf.serial() + " was signed and is not handed out";
        return unavailable(attempt, kAddId, "the journal could not record the certificate", error);
    }
    parts_.notify_recorded();
    attempt.note(Severity::info, kNoEvent, "certificate issued",
                 {{"serial", leaf.serial()},
                  {"subject", leaf.subject_text()},
                  {"not_after", to_rfc3339(leaf.not_after())},
                  {"decision_id", order.decision_id},
                  {"template", request.template_name},
                  {"kind", kind_of(request)}});
    Outcome outcome = outcome_of(OutcomeKind::issued, attempt);
    outcome.reply_password = reply_password(request);
    outcome.certificates = std::move(certificates);
    return outcome;
}

Outcome OutcomeRecorder::pending(const Order& order, const Attempt& attempt, PendingState state,
                                 const std::string& text) const {
    Outcome outcome = outcome_of(OutcomeKind::pending, attempt);
    if (order.pending != nullptr && order.pending->state == state) return outcome;
    const auto recorded = order.pending != nullptr ? parts_.journal.pending().move(
                                                         order.pending->id, order.pending->state,
                                                         state, text, std::nullopt)
                                                   : add_pending(order, attempt, state, text);
    if (!recorded)
        return unavailable(attempt, kAddId, "the journal could not record a pending request",
                           recorded.error());
    parts_.notify_recorded();
    attempt.note(Severity::info, kNoEvent, "the request is held for approval",
                 {{"cause", text}, {"subject", order.contents.subject}});
    return outcome;
}

Result<void> OutcomeRecorder::add_pending(const Order& order, const Attempt& attempt,
                                          PendingState state, const std::string& text) const {
    const WallTime now = parts_.clock.now();
    auto pending = make_pending(order.request, order.contents,
                                {state, attempt.request_id(), attempt.device_address(),
                                 order.decision_id, text, now, now + rules_.refresh_period},
                                parts_.seal);
    if (!pending) return pass_on(pending);
    auto notify = make_notify(
        order.request, {attempt.request_id(), NDES_POLICY_DISPOSITION_PENDING, NDES_POLICY_OK, {}},
        parts_.seal);
    if (!notify) return pass_on(notify);
    return parts_.journal.pending().add(*pending, *notify);
}

Outcome OutcomeRecorder::failure(const Order& order, const Attempt& attempt,
                                 const CaFailure& failure) const {
    const auto recorded = [&]() -> Result<void> {
        if (order.pending != nullptr)
            return close(*order.pending, PendingState::refused, failure.result, failure.text);
        auto notify =
            make_notify(order.request,
                        {attempt.request_id(), NDES_POLICY_DISPOSITION_FAILURE, failure.result, {}},
                        parts_.seal);
        if (!notify) return pass_on(notify);
        if (auto done = parts_.journal.record_notify(*notify); !done) return done;
        parts_.notify_recorded();
        return {};
    }();
    if (!recorded)
        return unavailable(attempt, kAddId, "the journal could not record a refusal of the CA",
                           recorded.error());
    attempt.note(
        Severity::error, failure.event, "verified, but the CA issues no certificate",
        {{"cause", failure.text}, {"error_code", hex_of(failure.result)}, {"ca", rules_.ca_name}});
    return outcome_of(OutcomeKind::refused, attempt);
}

Result<void> OutcomeRecorder::close(const PendingRequest& pending, PendingState state,
                                    std::int32_t result, const std::string& text) const {
    auto request = restore_request(pending, parts_.seal);
    if (!request) return pass_on(request);
    auto notify = make_notify(
        *request, {pending.request_id, NDES_POLICY_DISPOSITION_FAILURE, result, {}}, parts_.seal);
    if (!notify) return pass_on(notify);
    auto moved = parts_.journal.pending().move(pending.id, pending.state, state, text, *notify);
    if (moved) parts_.notify_recorded();
    return moved;
}

}  // namespace ndes::scep
