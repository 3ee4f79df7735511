// Pipeline: runs the rule list over the facts of one request. The first refusal wins; the outcome
// of every rule that was judged is recorded. Knows no store, clock or log. Pure; any thread.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crp-service/domain/decision.h"
#include "crp-service/validation/rule.h"

namespace ndes::crp {

// How long one phase took, reads included. The permission of phase 0 is judged with phase 3.
struct PhaseTime {
    Phase phase = Phase::request;
    std::chrono::microseconds spent{};
};

// What the rules have found so far.
struct Findings {
    std::string_view reason = kSuccess;
    Phase phase = Phase::records;  // of the rule that refused; records when none did
    std::string detail;
    std::vector<RuleOutcome> outcomes;
    std::vector<PhaseTime> times;  // in the order in which they ran

    bool refused() const { return reason != kSuccess; }
};

// True if the rule judges such requests.
bool applies(const Rule& rule, const Context& context);

// Judges the rules that belong to the run of `phase` (see run_of) and apply to the request, and
// adds their outcomes to `findings`. Does nothing when `findings` is a refusal already. True when
// nothing was refused.
bool run_phase(Phase phase, const Context& context, std::span<const Rule> rules,
               Findings& findings);

}  // namespace ndes::crp
