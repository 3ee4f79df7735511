// Every single-field mutation of a good request is refused with the right reason.
#include "tests/unit/crp_validation/mutation.h"

#include <set>

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
