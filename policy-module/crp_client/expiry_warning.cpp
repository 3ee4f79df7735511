#include "policy-module/crp_client/expiry_warning.h"

#include <array>

namespace ndes::policy {
namespace {

constexpr std::array kThresholds{1, 7, 14, 30};  // days, the nearest first

int threshold_for(std::chrono::milliseconds left) {
    for (const int days : kThresholds)
        if (left <= std::chrono::days(days)) return days;
    return 0;
}

}  // namespace

std::optional<std::string> ExpiryWarning::take_due(const std::string& thumbprint,
                                                   WallTime not_after, WallTime now) {
    if (thumbprint != thumbprint_) {
        thumbprint_ = thumbprint;
        said_ = 0;
    }
    if (now >= not_after) return std::nullopt;
    const int threshold = threshold_for(not_after - now);
    if (threshold == 0 || (said_ != 0 && threshold >= said_)) return std::nullopt;
    said_ = threshold;
    return "NDES client certificate " + thumbprint + " expires at " + to_rfc3339(not_after) +
           ", within " + std::to_string(threshold) + (threshold == 1 ? " day" : " days") +
           ". Put a renewed one in its place; it is read within seconds.";
}

}  // namespace ndes::policy
