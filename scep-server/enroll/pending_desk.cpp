#include "scep-server/enroll/pending_desk.h"

#include <utility>

namespace ndes::scep {
namespace {

constexpr std::size_t kExpiredAtOnce = 200;

}  // namespace

Result<std::vector<PendingRequest>> PendingDesk::list(std::int64_t after, std::size_t limit) {
    return parts_.journal.pending().list(after, limit);
}

Result<PendingDesk::Found> PendingDesk::find_waiting(std::int64_t id) {
    auto request = parts_.journal.pending().find_id(id);
    if (!request) return pass_on(request);
    if (!*request)
        return fail(ErrorCode::not_found, "there is no pending request " + std::to_string(id));
    if ((*request)->state != PendingState::waiting)
        return fail(ErrorCode::conflict, "request " + std::to_string(id) + " is " +
                                             std::string(to_string((*request)->state)) +
                                             ", not waiting");
    const Issuance* const issuance = parts_.issuance_of((*request)->key.profile);
    if (issuance == nullptr)
        return fail(ErrorCode::conflict,
                    "profile \"" + (*request)->key.profile + "\" is configured no longer");
    return Found{std::move(**request), *issuance};
}

Attempt PendingDesk::attempt_of(const PendingRequest& request) const {
    Attempt attempt(parts_.log, request.request_id, request.device_address);
    attempt.set_transaction_id(request.key.transaction_id);
    return attempt;
}

Result<Approval> PendingDesk::approve(std::int64_t id, const std::string& who) {
    auto found = find_waiting(id);
    if (!found) return pass_on(found);
    const Attempt attempt = attempt_of(found->request);
    attempt.note(Severity::info, kNoEvent, "an operator approves the request",
                 {{"pending_id", std::to_string(id)}, {"operator", who}});
    auto outcome = found->issuance.approve(std::move(found->request), attempt);
    if (!outcome) return pass_on(outcome);
    Approval approval{outcome->kind, {}};
    if (!outcome->certificates.empty()) approval.serial = outcome->certificates.front().serial();
    return approval;
}

Result<void> PendingDesk::deny(std::int64_t id, const std::string& who, const std::string& why) {
    auto found = find_waiting(id);
    if (!found) return pass_on(found);
    auto denied = found->issuance.deny(
        found->request, why.empty() ? "denied by " + who : "denied by " + who + ": " + why);
    if (denied)
        attempt_of(found->request)
            .note(Severity::warning, kNoEvent, "an operator denied the request",
                  {{"pending_id", std::to_string(id)}, {"operator", who}, {"cause", why}});
    return denied;
}

void PendingDesk::tend() {
    if (auto done = expire_overdue(); !done)
        parts_.log.note(Severity::error, "the journal's pending requests cannot be read",
                        {{"cause", done.error().text}});
    auto requests = parts_.journal.pending().purge();
    auto passwords = parts_.journal.passwords().purge();
    for (const auto* purged : {&requests, &passwords})
        if (!*purged)
            parts_.log.note(Severity::error, "old rows of the journal cannot be removed",
                            {{"cause", purged->error().text}});
}

// What cannot be closed, such as a removed profile's, holds nothing back that comes after it.
Result<void> PendingDesk::expire_overdue() {
    std::int64_t after = 0;
    for (std::size_t closed = 0; closed < kExpiredAtOnce;) {
        auto overdue = parts_.journal.pending().overdue(after, kExpiredAtOnce);
        if (!overdue) return pass_on(overdue);
        for (const PendingRequest& request : *overdue)
            if (expire(request)) ++closed;
        if (overdue->size() < kExpiredAtOnce) break;
        after = overdue->back().id;
    }
    return {};
}

// True when it is closed.
bool PendingDesk::expire(const PendingRequest& request) {
    const Issuance* const issuance = parts_.issuance_of(request.key.profile);
    if (issuance == nullptr) return false;
    auto done = issuance->expire(request);
    attempt_of(request).note(
        done ? Severity::warning : Severity::error, kNoEvent,
        done ? "a request that waited has expired (RefreshPeriod)"
             : "a request that waited has expired, but cannot be closed",
        {{"pending_id", std::to_string(request.id)}, {"cause", done ? "" : done.error().text}});
    return done.has_value();
}

}  // namespace ndes::scep
