#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult challenge_present(const Context& context) {
    const std::optional<std::string>& challenge = context.csr.value().challenge;
    if (challenge && !challenge->empty()) return pass();
    return refuse("ChallengePasswordMissing", challenge
                                                  ? "the challengePassword attribute is empty"
                                                  : "there is no challengePassword attribute");
}

}  // namespace ndes::crp
