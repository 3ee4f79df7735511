#include "crp-service/validation/rule.h"

#include "crp-service/validation/challenge_validity.h"

namespace ndes::crp {

RuleResult challenge_contents(const Context& context) {
    const OpenedChallenge& opened = context.opened.value();
    if (!opened.reason.empty()) {
        const Reason* const reason = find_reason(opened.reason);
        return refuse(reason == nullptr ? "ChallengeDeserializationError" : reason->word,
                      opened.detail);
    }
    const std::optional<Validity> validity = challenge_validity(context);
    if (validity && validity->not_before >= validity->expires_at) {
        return refuse("ChallengeInvalidTimestamp", "begins " + to_rfc3339(validity->not_before) +
                                                       ", ends " +
                                                       to_rfc3339(validity->expires_at));
    }
    return pass();
}

}  // namespace ndes::crp
