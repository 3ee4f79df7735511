// Every single-field mutation of a good request is refused with the right reason.
#include "tests/unit/crp_validation/mutation.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "crp-service/validation/reasons.h"
#include "tests/catch.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

const char* expected_of(const Mutation& mutation, RequestKind kind) {
    if (kind == RequestKind::renewal && mutation.renewal != nullptr) return mutation.renewal;
    if (kind == RequestKind::posted && mutation.posted != nullptr) return mutation.posted;
    return mutation.initial;
}

void check_all(const std::vector<Mutation>& mutations) {
    const auto [kind, name] =
        GENERATE(table<RequestKind, const char*>({{RequestKind::minted, "minted challenge"},
                                                  {RequestKind::posted, "posted challenge"},
                                                  {RequestKind::renewal, "renewal"}}));
    const Decision good = judge([](Scene&) {}, kind);
    INFO(name << ", unchanged: " << good.reason << ": " << good.detail);
    REQUIRE(good.verified);
    for (const Mutation& mutation : mutations) {
        INFO(name << ", " << mutation.field << ", " << mutation.how);
        const Decision decision = judge(mutation.apply, kind);
        INFO(decision.detail);
        CHECK(decision.reason == expected_of(mutation, kind));
        CHECK(decision.verified == (decision.reason == kSuccess));
        if (!decision.verified) CHECK(find_reason(decision.reason) != nullptr);
    }
}

}  // namespace

TEST_CASE("every mutation of the MDM's records has its consequence") {
    check_all(record_mutations());
}

TEST_CASE("every mutation of challenge, request and call has its consequence") {
    check_all(request_mutations());
}

TEST_CASE("what a rule refuses for the records' sake alone, explain refuses as well") {
    // These hold the request, or what was promised for it, against the records.
    const std::set<std::string_view> of_request = {
        "challenge_unused",  "template_matches",
        "key_type_and_size", "key_registered",
        "hash_allowed",      "sid_matches",
        "subject_matches",   "san_matches",
        "key_usage_matches", "extended_key_usage_matches"};
    REQUIRE(explain([](Scene&) {}).verified);
    for (const Mutation& mutation : record_mutations()) {
        INFO(mutation.field << ", " << mutation.how);
        // explain asks for an admin, of the policy's present version, and for its template.
        const std::string_view field = mutation.field;
        if (field.ends_with(".owner") || field == "policy.certificate_request_id") continue;
        if (field == "policy.id") continue;
        const Decision decision = judge(mutation.apply, RequestKind::minted);
        if (decision.verified) continue;
        const std::string& rule = decision.outcomes.back().rule;
        INFO(rule);
        if (of_request.contains(rule)) continue;
        const Simulation said = explain(mutation.apply);
        CHECK(said.reason == decision.reason);
        REQUIRE_FALSE(said.rules.empty());
        CHECK(std::ranges::any_of(said.rules, [&rule](const RuleReport& one) {
            return one.name == rule && one.verdict == RuleVerdict::refused;
        }));
    }
}

TEST_CASE("every field of every record has its mutations") {
    std::set<std::string> seen;
    for (const auto& mutations : {record_mutations(), request_mutations()}) {
        for (const Mutation& mutation : mutations)
            seen.insert(mutation.field);
    }
    const std::vector<std::string> fields = all_fields();
    for (const std::string& field : fields) {
        INFO(field);
        CHECK(seen.contains(field));
    }
    CHECK(seen.size() == fields.size());
}
