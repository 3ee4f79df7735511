// What a decision or a Notify may do to a challenge, as plain functions on the record: the
// meaning that every backend has to give its compare-and-swap. Pure functions; any thread.
#pragma once

#include "crp-service/domain/challenge.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp {

// A yes may reserve a challenge that is free and not expired, or one that this very
// (transaction, CSR) holds already.
inline bool may_reserve(const Challenge& challenge, const Decision& decision) {
    switch (challenge.state) {
        case ChallengeState::issued: return challenge.expires_at > decision.decided_at;
        case ChallengeState::reserved:
        case ChallengeState::failed:
        case ChallengeState::unconfirmed:
            return challenge.transaction_id == decision.transaction_id &&
                   challenge.csr_sha256 == decision.csr_sha256;
        default: return false;
    }
}

// A challenge made elsewhere is the one on record when all that never changes is the same.
inline bool is_same_challenge(const Challenge& recorded, const Challenge& met) {
    return recorded.kind == met.kind && recorded.owner == met.owner &&
           recorded.device_id == met.device_id && recorded.user_id == met.user_id &&
           recorded.policy_id == met.policy_id;
}

// What to tell of a challenge that may not be reserved. Expiry is a matter of the clock: no
// backend writes it down when it passes.
inline ChallengeState state_at(const Challenge& challenge, WallTime time) {
    const bool expired = challenge.state == ChallengeState::issued && challenge.expires_at <= time;
    return expired ? ChallengeState::expired : challenge.state;
}

// A Notify moves only what a yes has reserved; a challenge revoked meanwhile stays revoked.
inline bool awaits_outcome(ChallengeState state) {
    return state == ChallengeState::reserved || state == ChallengeState::failed ||
           state == ChallengeState::unconfirmed;
}

inline ChallengeState challenge_state_after(TransactionState outcome) {
    switch (outcome) {
        case TransactionState::issued: return ChallengeState::completed;
        case TransactionState::failed: return ChallengeState::failed;
        default: return ChallengeState::reserved;
    }
}

inline bool may_revoke(ChallengeState state) {
    return state == ChallengeState::issued || state == ChallengeState::failed;
}

}  // namespace ndes::crp
