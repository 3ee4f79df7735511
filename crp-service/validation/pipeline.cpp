#include "crp-service/validation/pipeline.h"

#include <utility>

namespace ndes::crp {

bool applies(const Rule& rule, const Context& context) {
    switch (rule.applies_to) {
        case AppliesTo::every_request: return true;
        case AppliesTo::initial_request: return !context.is_renewal();
        case AppliesTo::renewal: return context.is_renewal();
    }
    return true;
}

bool run_phase(Phase phase, const Context& context, std::span<const Rule> rules,
               Findings& findings) {
    for (const Rule& rule : rules) {
        if (findings.refused()) return false;
        if (run_of(rule.phase) != phase || !applies(rule, context)) continue;
        RuleResult result = rule.check(context);
        findings.outcomes.push_back({std::string(rule.name), number_of(rule.phase), result.passed(),
                                     std::string(result.reason)});
        if (result.passed()) continue;
        findings.reason = result.reason;
        findings.phase = rule.phase;
        findings.detail = std::move(result.detail);
    }
    return !findings.refused();
}

}  // namespace ndes::crp
