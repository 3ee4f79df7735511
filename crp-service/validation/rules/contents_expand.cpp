#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult contents_expand(const Context& context) {
    const ExpectedContents& expected = context.expected.value();
    if (expected.reason.empty()) return pass();
    return refuse(expected.reason, expected.detail);
}

}  // namespace ndes::crp
