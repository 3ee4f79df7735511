#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult challenge_known(const Context& context) {
    if (context.challenge) return pass();
    return refuse("ChallengeUnknown",
                  context.opened.value().makes_claims()
                      ? "no record of challenge " + context.opened->claims.challenge_id
                      : "no challenge of this value is on record");
}

}  // namespace ndes::crp
