#include "crp-service/validation/rule.h"

#include "common/logging/cmtrace.h"

namespace ndes::crp {

RuleResult template_matches(const Context& context) {
    const std::string& wanted = context.policy.value().template_name;
    if (context.input.template_name == wanted) return pass();
    return refuse("TemplateMismatch", "request came for template " +
                                          loggable(context.input.template_name, 64) +
                                          ", policy says " + wanted);
}

}  // namespace ndes::crp
