#include "common/expiry/expiry_warning.h"

#include <array>
#include <limits>
#include <utility>

namespace ndes {
namespace {

constexpr std::array kThresholds{1, 7, 14, 30};  // days, the nearest first
constexpr int kEnded = 0;
constexpr int kNothing = std::numeric_limits<int>::max();

// kEnded, a threshold, or kNothing. Keys have no end, and whoever loads one judges it.
int stage_of(const Expiring& one, WallTime now) {
    if (one.kind == ExpiringKind::key) return kNothing;
    if (!one.fault.empty()) return kEnded;
    if (!one.ends) return kNothing;
    if (now >= *one.ends) return kEnded;
    const int threshold = expiry_threshold(one.begins, *one.ends, now);
    return threshold == 0 ? kNothing : threshold;
}

std::string name_of(const Expiring& one) {
    return one.use + " " + std::string(to_string(one.kind)) +
           (one.subject.empty() ? "" : " " + one.subject);
}

std::string what_to_say(const Expiring& one, int stage) {
    if (!one.fault.empty()) return name_of(one) + " cannot be used: " + one.fault;
    const std::string at = to_rfc3339(*one.ends);
    if (stage == kEnded) return name_of(one) + " ended at " + at;
    return name_of(one) + " ends at " + at + ", " + within_days(stage) +
           ". Put a new one in its place; it counts without a restart.";
}

std::string days_word(int days) { return std::to_string(days) + (days == 1 ? " day" : " days"); }

}  // namespace

std::string within_days(int threshold) { return "within " + days_word(threshold); }

int expiry_threshold(WallTime begins, WallTime ends, WallTime now) {
    if (now >= ends) return 0;
    for (const int threshold : kThresholds) {
        const std::chrono::days time(threshold);
        if (2 * time > ends - begins) return 0;
        if (ends - now <= time) return threshold;
    }
    return 0;
}

std::optional<int> ExpiryWarning::take_due(const std::string& id, WallTime begins, WallTime ends,
                                           WallTime now) {
    if (id != id_) {
        id_ = id;
        said_ = 0;
    }
    const int threshold = expiry_threshold(begins, ends, now);
    if (threshold == 0 || (said_ != 0 && threshold >= said_)) return std::nullopt;
    said_ = threshold;
    return threshold;
}

void ExpiryWatch::tell(const ExpiringList& list, WallTime now, Log& log) {
    std::map<std::string, int> said;
    for (const Expiring& one : list) {
        const int stage = stage_of(one, now);
        if (stage == kNothing) continue;
        const std::string key = one.use + " " + one.id;
        const auto before = said_.find(key);
        const bool fresh = (before == said_.end() || stage < before->second) && !said.contains(key);
        said[key] = stage;
        if (!fresh) continue;
        log.write(stage == kEnded ? Severity::error : Severity::warning, what_to_say(one, stage),
                  {{"event", "expiry"},
                   {"use", one.use},
                   {"file", one.file.string()},
                   {"serial", one.serial},
                   {"not_after", one.ends ? to_rfc3339(*one.ends) : ""},
                   {"days_left", one.ends ? std::to_string(days_left(*one.ends, now)) : ""}});
    }
    said_ = std::move(said);
}

std::string expiry_status(const ExpiringList& list, WallTime now) {
    const Expiring* first = nullptr;
    for (const Expiring& one : list) {
        if (stage_of(one, now) == kNothing) continue;
        if (first == nullptr || !one.fault.empty() ||
            (first->fault.empty() && one.ends && *one.ends < *first->ends))
            first = &one;
        if (!first->fault.empty()) break;
    }
    if (first == nullptr) return {};
    std::string text = "; " + first->use + " " + std::string(to_string(first->kind));
    if (!first->fault.empty())
        text += " cannot be used";
    else if (now >= *first->ends)
        text += " has ended";
    else
        text += " ends in " + days_word(days_left(*first->ends, now));
    return text + " (crpctl expiry)";
}

}  // namespace ndes
