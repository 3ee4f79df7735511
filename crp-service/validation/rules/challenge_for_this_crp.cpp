#include "crp-service/validation/rule.h"

#include "common/logging/cmtrace.h"

namespace ndes::crp {

// Minted and posted challenges can only be read where they were made.
RuleResult challenge_for_this_crp(const Context& context) {
    const std::optional<SealedClaims>& sealed = context.opened.value().sealed;
    if (!sealed || sealed->audience == context.options.crp_name) return pass();
    return refuse("ChallengeWrongAudience", "the challenge is for \"" +
                                                loggable(sealed->audience, 64) + "\", this is \"" +
                                                context.options.crp_name + "\"");
}

}  // namespace ndes::crp
