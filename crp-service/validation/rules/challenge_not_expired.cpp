#include "crp-service/validation/rule.h"

#include "crp-service/validation/challenge_validity.h"

namespace ndes::crp {

// The CRP's clock is the only judge. The tolerance is for an MDM whose clock is ahead; expiry has
// none, or it would only be a longer lifetime.
RuleResult challenge_not_expired(const Context& context) {
    const std::optional<Validity> validity = challenge_validity(context);
    if (!validity) return pass();
    if (context.now >= validity->expires_at) {
        return refuse("ChallengeExpired", "expired " + to_rfc3339(validity->expires_at) + ", now " +
                                              to_rfc3339(context.now));
    }
    if (context.now + context.options.clock_tolerance < validity->not_before) {
        return refuse("ChallengeNotYetValid", "begins " + to_rfc3339(validity->not_before) +
                                                  ", now " + to_rfc3339(context.now));
    }
    return pass();
}

}  // namespace ndes::crp
