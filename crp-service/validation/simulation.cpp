#include "crp-service/validation/simulation.h"

#include <algorithm>
#include <iterator>

#include "crp-service/validation/facts.h"
#include "crp-service/validation/recording.h"
#include "crp-service/validation/rule_evidence.h"
#include "crp-service/validation/verify_service.h"

namespace ndes::crp {
namespace {

RuleReport report_of(const Rule& rule, const Context& context, const Findings& findings) {
    RuleReport report;
    report.name = rule.name;
    report.phase = number_of(rule.phase);
    const auto outcome = std::ranges::find(findings.outcomes, rule.name, &RuleOutcome::rule);
    if (outcome == findings.outcomes.end()) return report;
    report.verdict = outcome->passed ? RuleVerdict::passed : RuleVerdict::refused;
    report.reason = outcome->reason;
    RuleEvidence evidence = evidence_of(rule.name, context);
    report.expected = std::move(evidence.expected);
    report.found = std::move(evidence.found);
    return report;
}

std::vector<std::string> entitled_by(const Context& context) {
    std::vector<std::string> by;
    if (!context.policy) return by;
    const Assignments& to = context.policy->assignments;
    if (to.all) by.emplace_back("everybody");
    if (contains(to.devices, context.device_id)) by.push_back("device " + context.device_id);
    if (!context.user) return by;
    if (contains(to.users, context.user_id)) by.push_back("user " + context.user_id);
    for (const std::string& group : context.user->groups) {
        if (contains(to.groups, group)) by.push_back("group " + group);
    }
    return by;
}

}  // namespace

std::string_view to_string(RuleVerdict verdict) {
    switch (verdict) {
        case RuleVerdict::passed: return "passed";
        case RuleVerdict::refused: return "refused";
        case RuleVerdict::not_judged: break;
    }
    return "not judged";
}

Simulation make_simulation(const Context& context, const Findings& findings,
                           std::span<const Rule> rules) {
    Simulation result;
    result.verified = !findings.refused();
    result.reason = std::string(findings.reason);
    result.phase = number_of(findings.phase);
    result.detail = findings.detail;
    result.device_id = context.device_id;
    result.user_id = context.user_id;
    result.policy_id = context.policy_id;
    if (context.opened) {
        result.challenge_kind = to_string(context.opened->kind);
        result.challenge_id =
            context.challenge ? context.challenge->id : context.opened->claims.challenge_id;
    }
    result.entitled_by = entitled_by(context);
    for (const Rule& rule : rules) {
        if (applies(rule, context)) result.rules.push_back(report_of(rule, context, findings));
    }
    if (context.expected && context.expected->reason.empty()) {
        result.contents =
            context.csr && result.verified ? contents_of(context) : context.expected->contents;
    }
    return result;
}

std::vector<Rule> entitlement_rules() {
    std::vector<Rule> rules;
    std::ranges::copy_if(all_rules(), std::back_inserter(rules),
                         [](const Rule& rule) { return rule.judges == Judges::records; });
    return rules;
}

Result<Simulation> VerifyService::explain(const EntitlementQuestion& question) const {
    VerifyInput input;
    Result<std::optional<Policy>> policy = store_.find_policy(question.policy_id);
    if (!policy) return pass_on(policy);
    if (*policy) input.template_name = (*policy)->template_name;
    Context context(input, options_, clock_.now());
    context.device_id = question.device_id;
    context.user_id = question.user_id;
    context.policy_id = question.policy_id;
    // As if it were just ordered: the rules hold a promise against the records.
    Challenge& promise = context.challenge.emplace();
    promise.device_id = question.device_id;
    promise.user_id = question.user_id;
    promise.policy_id = question.policy_id;
    if (*policy) {
        promise.certificate_request_id = (*policy)->certificate_request_id;
        promise.owner = (*policy)->owner;
    }
    if (Result<void> read = read_records(context, store_); !read) return pass_on(read);
    const std::vector<Rule> rules = entitlement_rules();
    Findings findings;
    run_phase(Phase::records, context, rules, findings);
    return make_simulation(context, findings, rules);
}

}  // namespace ndes::crp
