// What becomes of requests that wait: polls, the same request again, an operator's decision, time.
#include "scep-server/enroll/issuance.h"

#include <utility>

#include "policy-module/include/ndes_policy.h"

namespace ndes::scep {
namespace {

constexpr std::int32_t kDeniedByManager = static_cast<std::int32_t>(0x80094014u);  // CERTSRV_E_…

Outcome refused_again(const PendingRequest& pending, const Attempt& attempt) {
    attempt.note(Severity::info, kNoEvent, "refused as before: the request was closed",
                 {{"pending_id", std::to_string(pending.id)},
                  {"state", std::string(to_string(pending.state))},
                  {"cause", pending.text}});
    return outcome_of(OutcomeKind::refused, attempt);
}

}  // namespace

std::optional<RequestKey> Issuance::polled_request(const Certificate& signer,
                                                   const std::string& transaction_id) const {
    auto pending = parts_.journal.pending().find_transaction(rules_.profile, transaction_id,
                                                             signer.spki_sha256());
    if (!pending || !*pending) return std::nullopt;
    return (*pending)->key;
}

Outcome Issuance::poll(const Certificate& signer, const Attempt& attempt) const {
    auto found = parts_.journal.pending().find_transaction(rules_.profile, attempt.transaction_id(),
                                                           signer.spki_sha256());
    if (!found)
        return unavailable(attempt, kGetRequestId, "the journal cannot be read", found.error());
    const auto unknown = [&](std::string_view why) {
        attempt.note(Severity::warning, kFailToGetId, "refused: no request to poll for",
                     {{"cause", std::string(why)}});
        return outcome_of(OutcomeKind::refused, attempt);
    };
    if (!*found) return unknown("no request of this key is pending under this transaction ID");
    const PendingRequest& pending = **found;
    auto request = restore_request(pending, parts_.seal);
    if (!request)
        return unavailable(attempt, kGetRequestId, "the pending request cannot be read",
                           request.error());
    if (auto outcome = resume(pending, *request, attempt)) return std::move(*outcome);
    return unknown("the request has expired (RefreshPeriod)");
}

// What is known of a request that was pending; nothing if it counts no longer.
std::optional<Outcome> Issuance::resume(const PendingRequest& pending,
                                        const EnrollmentRequest& request,
                                        const Attempt& attempt) const {
    const bool overdue = pending.expires_at <= parts_.clock.now();
    switch (pending.state) {
        case PendingState::waiting:
        case PendingState::issuing:
        case PendingState::at_ca: break;
        case PendingState::issued: return resume_issued(pending, request, attempt);
        case PendingState::denied:
        case PendingState::refused:
            if (overdue) return std::nullopt;
            return refused_again(pending, attempt);
        case PendingState::expired: return std::nullopt;
    }
    if (overdue) {
        if (auto done = expire(pending); !done && done.error().code != ErrorCode::conflict)
            return unavailable(attempt, kAddId, "the journal could not record the expiry",
                               done.error());
        return std::nullopt;
    }
    if (pending.state == PendingState::at_ca) return ask_ca_again(pending, request, attempt);
    attempt.note(Severity::info, kNoEvent, "the request still waits for approval",
                 {{"pending_id", std::to_string(pending.id)}});
    return outcome_of(OutcomeKind::pending, attempt);
}

Outcome Issuance::resume_issued(const PendingRequest& pending, const EnrollmentRequest& request,
                                const Attempt& attempt) const {
    auto issued = parts_.journal.find_issued(pending.key);
    if (issued && *issued) return answer_with(**issued, request, attempt);
    if (!issued)
        return unavailable(attempt, kGetRequestId, "the journal cannot be read", issued.error());
    return unavailable(attempt, kGetRequestId, "the journal lacks the certificate",
                       {ErrorCode::storage, "no row", {}, std::nullopt});
}

Outcome Issuance::ask_ca_again(const PendingRequest& pending, const EnrollmentRequest& request,
                               const Attempt& attempt) const {
    auto contents = restore_contents(pending);
    if (!contents)
        return unavailable(attempt, kGetRequestId, "the pending request cannot be read",
                           contents.error());
    return ask_ca({request, *contents, pending.decision_id, &pending}, attempt);
}

Result<Outcome> Issuance::approve(PendingRequest pending, const Attempt& attempt) const {
    if (refuse_without_room(attempt))
        return fail(ErrorCode::unavailable, "too many outcomes wait to be told; the request waits");
    auto request = restore_request(pending, parts_.seal);
    if (!request) return pass_on(request);
    auto contents = restore_contents(pending);
    if (!contents) return pass_on(contents);
    PendingRequests& requests = parts_.journal.pending();
    if (auto taken = requests.move(pending.id, PendingState::waiting, PendingState::issuing,
                                   "approved", std::nullopt);
        !taken)
        return pass_on(taken);
    pending.state = PendingState::issuing;
    Outcome outcome = ask_ca({*request, *contents, pending.decision_id, &pending}, attempt);
    if (outcome.kind != OutcomeKind::unavailable) return outcome;
    if (auto back = requests.move(pending.id, PendingState::issuing, PendingState::waiting,
                                  "approved, but the CA could not be asked", std::nullopt);
        !back)
        return pass_on(back);
    return fail(ErrorCode::unavailable, "the CA could not be asked; the request waits still");
}

Result<void> Issuance::deny(const PendingRequest& pending, const std::string& text) const {
    return recorder_.close(pending, PendingState::denied, kDeniedByManager, text);
}

Result<void> Issuance::expire(const PendingRequest& pending) const {
    return recorder_.close(pending, PendingState::expired, NDES_POLICY_E_TIMEOUT,
                           "nobody decided within RefreshPeriod");
}

}  // namespace ndes::scep
