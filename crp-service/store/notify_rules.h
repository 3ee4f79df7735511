// What a Notify may change, given what is recorded: the same for every backend. Pure function.
#pragma once

#include "common/error.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

// recorded: may be recorded. repeated: the same was told before. conflict: contradicts what is
// recorded. bad_request: the call contradicts itself.
inline Result<NotifyOutcome> judge_notify(const Transaction& transaction,
                                          const NotifyCommit& commit) {
    const bool issued = commit.outcome == TransactionState::issued;
    const bool tells_outcome = issued || commit.outcome == TransactionState::failed ||
                               commit.outcome == TransactionState::pending;
    if (!tells_outcome) return fail(ErrorCode::bad_request, "outcome: is none of a Notify");
    if (issued != commit.certificate.has_value()) {
        return fail(ErrorCode::bad_request, "certificate: present exactly when it was issued");
    }
    if (transaction.state == TransactionState::issued) {
        if (issued && commit.certificate->sha256 == transaction.certificate_sha256) {
            return NotifyOutcome::repeated;
        }
        return fail(ErrorCode::conflict, "another outcome is recorded for this decision");
    }
    const bool told_before =
        transaction.state == commit.outcome && transaction.hresult == commit.hresult;
    return told_before ? NotifyOutcome::repeated : NotifyOutcome::recorded;
}

}  // namespace ndes::crp
