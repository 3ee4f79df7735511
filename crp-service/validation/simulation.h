// Simulation: what the rules say of a request, or of a device's entitlement, told rule by rule with
// what was expected and what was found. Made from the facts and findings of the very pipeline that
// judges requests; nothing of it is recorded.
// Knows no store, HTTP or JSON. Pure functions; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/certificate_contents.h"
#include "crp-service/validation/context.h"
#include "crp-service/validation/pipeline.h"
#include "crp-service/validation/rule.h"

namespace ndes::crp {

enum class RuleVerdict {
    passed,
    refused,
    not_judged,  // a rule before it refused
};
std::string_view to_string(RuleVerdict verdict);  // "passed", "refused", "not judged"

struct RuleReport {
    std::string name;
    int phase = 0;
    RuleVerdict verdict = RuleVerdict::not_judged;
    std::string reason;    // "Success", a word of the catalogue, or "" when not judged
    std::string expected;  // what the rule asks for, as text; "" when it has no such value
    std::string found;
};

struct Simulation {
    bool verified = false;
    std::string reason;
    int phase = 0;
    std::string detail;
    std::string challenge_id;
    std::string challenge_kind;  // "minted", …; "" without a readable challenge
    std::string device_id;
    std::string user_id;
    std::string policy_id;
    // Why the policy is meant for this device: "everybody", "device phone-1", "group staff", …
    std::vector<std::string> entitled_by;
    std::vector<RuleReport> rules;  // in order; those that do not apply are left out
    // What the certificate would say, also when it is refused; absent when that is not known.
    std::optional<CertificateContents> contents;
};

// `rules`: those that were run.
Simulation make_simulation(const Context& context, const Findings& findings,
                           std::span<const Rule> rules);

// Those that judge by the records alone: who is entitled to a policy's certificate.
std::vector<Rule> entitlement_rules();

}  // namespace ndes::crp
