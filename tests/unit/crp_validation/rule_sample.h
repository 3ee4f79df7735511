// A request that every rule lets pass, with all facts in place, and tables of what is wrong with
// it.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "crp-service/validation/rule.h"
#include "tests/unit/crp_validation/samples.h"

namespace ndes::test {

inline const WallTime kSampleNow = from_unix_ms(1'780'000'000'000);
inline constexpr const char* kPasses = "Success";

struct RuleSample {
    crp::VerifyInput input;
    crp::ValidationOptions options;
    std::unique_ptr<crp::Context> context;

    crp::Context& facts() { return *context; }
    CertificateRequest& csr() { return *context->csr; }
    crp::Challenge& challenge() { return *context->challenge; }
    crp::ExpectedContents& expected() { return *context->expected; }
};

std::unique_ptr<RuleSample> initial_sample();  // a minted challenge
std::unique_ptr<RuleSample> renewal_sample();  // of a certificate with 10 of 100 days left

struct RuleCase {
    const char* rule;
    const char* name;
    const char* reason;  // or kPasses
    std::function<void(RuleSample&)> change;
};

// Checks of each case that the rule lets the sample pass, and judges it by `reason` once changed.
void check_cases(const std::vector<RuleCase>& cases, std::unique_ptr<RuleSample> (*make)());

}  // namespace ndes::test
