// Rule: one check, its name and where it comes from. One rule is one file in rules/ and one line in
// rule_list.cpp. Rules judge the facts in a Context; they read nothing and change nothing.
// Any thread.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "crp-service/validation/context.h"
#include "crp-service/validation/phases.h"
#include "crp-service/validation/reasons.h"

namespace ndes::crp {

struct RuleResult {
    std::string_view reason = kSuccess;  // or a word of the catalogue
    std::string detail;                  // for the operator; never a challenge or key

    bool passed() const { return reason == kSuccess; }
};

inline RuleResult pass() { return {}; }
inline RuleResult refuse(std::string_view reason, std::string detail) {
    return {reason, std::move(detail)};
}

inline bool contains(const std::vector<std::string>& list, const std::string& item) {
    return std::ranges::find(list, item) != list.end();
}

// Which requests a rule judges.
enum class AppliesTo { every_request, initial_request, renewal };

// What a rule needs to see: the MDM's records alone, so that `explain` asks it without a request,
// or the request, its challenge or the certificate that it renews.
enum class Judges { records, request };

struct Rule {
    std::string_view name;  // that of its file
    Phase phase;
    AppliesTo applies_to;
    Judges judges;
    std::string_view citation;  // where the demand comes from
    // May rely on what the rules before it in the list have found to be there.
    RuleResult (*check)(const Context&);
};

// All rules in the order in which they are judged.
std::span<const Rule> all_rules();

}  // namespace ndes::crp
