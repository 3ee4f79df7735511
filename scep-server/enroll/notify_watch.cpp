#include "scep-server/enroll/notify_watch.h"

namespace ndes::scep {
namespace {

constexpr std::chrono::seconds kCountInterval{1};
constexpr const char* kSeeList = " See crpctl notify list.";

}  // namespace

bool NotifyWatch::has_room() {
    {
        const std::lock_guard lock(mutex_);
        if (counted_ && clock_.steady_now() - counted_at_ < kCountInterval) return room_;
    }
    const auto standing = look();
    return standing && !standing->full;
}

Result<NotifyStanding> NotifyWatch::look() {
    const std::lock_guard lock(mutex_);
    auto census = queue_.census();
    counted_ = true;
    counted_at_ = clock_.steady_now();
    room_ = false;
    if (!census) return pass_on(census);
    NotifyStanding standing = judge(*census);
    room_ = !standing.full;
    alarm(standing);
    return standing;
}

NotifyStanding NotifyWatch::judge(const NotifyCensus& census) const {
    return {census, census.oldest && clock_.now() - *census.oldest >= limits_.alarm_after,
            census.waiting + census.dead >= limits_.most};
}

void NotifyWatch::alarm(const NotifyStanding& standing) {
    const NotifyCensus& census = standing.census;
    const std::string waiting = std::to_string(census.waiting);
    tell(late_, standing.late, Severity::error,
         "Notify: " + waiting + " outcomes wait to be told, the oldest since " +
             to_rfc3339(census.oldest.value_or(WallTime{})) +
             ". The CRP cannot be reached or refuses us; nothing is lost." + kSeeList,
         "Notify: no outcome waits for long any more.");
    tell(dead_, census.dead != 0, Severity::error,
         "Notify: " + std::to_string(census.dead) +
             " outcomes will not be taken by the CRP and are told no longer." + kSeeList,
         "Notify: there are no dead letters any more.");
    tell(full_, standing.full, Severity::error,
         "Notify: " + waiting + " outcomes wait and " + std::to_string(census.dead) +
             " are dead letters, as many as policy.notify_most permits. No further request is "
             "enrolled until there is room." +
             kSeeList,
         "Notify: there is room for outcomes again.");
}

void NotifyWatch::tell(bool& raised, bool now, Severity severity, const std::string& begun,
                       const std::string& ended) {
    if (raised == now) return;
    raised = now;
    log_.write(now ? severity : Severity::info, now ? begun : ended);
}

}  // namespace ndes::scep
