#include "crp-service/validation/rule.h"

namespace ndes::crp {
namespace {

// Used or withdrawn after the backup that is the database now, for all that is known. The MDM's
// clock may be ahead of ours by as much as a not-before may.
bool is_from_before_restore(const Context& context) {
    return context.is_first_seen && context.last_restore &&
           context.opened.value().sealed.value().issued_at <
               *context.last_restore + context.options.clock_tolerance;
}

}  // namespace

// An early answer: of two requests that race, the store's commit decides.
RuleResult challenge_unused(const Context& context) {
    const Challenge& record = context.challenge.value();
    if (is_from_before_restore(context)) {
        return refuse("ChallengeRevoked", "sealed before the database was restored from a backup " +
                                              to_rfc3339(*context.last_restore) +
                                              "; whether it was used is not on record");
    }
    const bool same_question = record.transaction_id == context.input.transaction_id &&
                               record.csr_sha256 == context.csr_sha256;
    switch (record.state) {
        case ChallengeState::issued: return pass();
        case ChallengeState::reserved:
        case ChallengeState::unconfirmed:
        case ChallengeState::failed:
            // Bound to the one request that may come again; RFC 8894 section 7.3 calls any other
            // use a possible breach.
            if (same_question) return pass();
            return refuse("ChallengeReplayed",
                          "bound to another request, transaction " + record.transaction_id);
        case ChallengeState::completed:
            return refuse("ChallengeReplayed", "spent in transaction " + record.transaction_id);
        case ChallengeState::expired: return refuse("ChallengeExpired", "recorded as expired");
        case ChallengeState::revoked: return refuse("ChallengeRevoked", "recorded as revoked");
        case ChallengeState::locked:
            return refuse("ChallengeLocked",
                          "locked after " + std::to_string(record.refusals) + " refusals");
    }
    return refuse("ChallengeReplayed", "in an unknown state");
}

}  // namespace ndes::crp
