#include "crp-service/validation/rule.h"

namespace ndes::crp {

// A posted challenge is authentic by its record alone: see challenge_known.
RuleResult challenge_authentic(const Context& context) {
    const OpenedChallenge& opened = context.opened.value();
    if (opened.reason.empty()) return pass();
    const Reason* const reason = find_reason(opened.reason);
    // What can be opened is authentic; whether it can be read is asked in phase 2.
    if (reason != nullptr && reason->phase != number_of(Phase::request)) return pass();
    return refuse(reason == nullptr ? "ChallengeDecodingError" : reason->word, opened.detail);
}

}  // namespace ndes::crp
