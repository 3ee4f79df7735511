// The rules together: order, first refusal, recorded outcomes.
#include "crp-service/validation/pipeline.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/rule_sample.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;
using namespace std::chrono_literals;

TEST_CASE("all rules let a good initial request and a good renewal pass") {
    for (auto* const make : {initial_sample, renewal_sample}) {
        const std::unique_ptr<RuleSample> sample = make();
        Findings findings;
        CHECK(run_phase(Phase::request, sample->facts(), all_rules(), findings));
        CHECK(run_phase(Phase::challenge, sample->facts(), all_rules(), findings));
        CHECK(run_phase(Phase::records, sample->facts(), all_rules(), findings));
        INFO(findings.reason << ": " << findings.detail);
        CHECK_FALSE(findings.refused());
        CHECK(findings.outcomes.size() == (make == initial_sample ? 31 : 28));
        CHECK(std::ranges::all_of(findings.outcomes, &RuleOutcome::passed));
    }
}

TEST_CASE("the first refusal wins, ends the run and is recorded") {
    const std::unique_ptr<RuleSample> sample = initial_sample();
    sample->facts().device->enrollment_state = EnrollmentState::retired;
    sample->facts().user->enabled = false;
    Findings findings;
    CHECK_FALSE(run_phase(Phase::records, sample->facts(), all_rules(), findings));
    CHECK(findings.reason == "DeviceRetired");
    CHECK(findings.phase == Phase::records);
    REQUIRE(findings.outcomes.size() == 6);
    CHECK(findings.outcomes.back().rule == "device_enrolled");
    CHECK_FALSE(findings.outcomes.back().passed);
    CHECK(findings.outcomes.back().reason == "DeviceRetired");

    // And nothing is judged after a refusal.
    CHECK_FALSE(run_phase(Phase::request, sample->facts(), all_rules(), findings));
    CHECK(findings.outcomes.size() == 6);
}

TEST_CASE("a refused template permission is reported as phase 0") {
    const std::unique_ptr<RuleSample> sample = initial_sample();
    sample->facts().template_record.reset();
    Findings findings;
    CHECK_FALSE(run_phase(Phase::records, sample->facts(), all_rules(), findings));
    CHECK(findings.reason == "TemplateNotPermitted");
    CHECK(findings.phase == Phase::template_permission);
    CHECK(findings.outcomes.back().phase == 0);
}
