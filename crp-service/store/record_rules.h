// What a precondition asks of a record: the same for every backend. Pure function.
#pragma once

#include <optional>
#include <string>

#include "common/error.h"
#include "crp-service/store/store_types.h"

namespace ndes::crp {

// `revision`: of the record as it is; nothing when there is none.
inline Result<void> check_premise(const Precondition& premise,
                                  const std::optional<std::string>& revision) {
    switch (premise.kind) {
        case Precondition::Kind::any: return {};
        case Precondition::Kind::absent:
            if (!revision) return {};
            return fail(ErrorCode::precondition, "the record exists already");
        case Precondition::Kind::present:
            if (revision) return {};
            return fail(ErrorCode::precondition, "there is no such record");
        case Precondition::Kind::revision:
            if (revision && *revision == premise.revision) return {};
            return fail(ErrorCode::precondition,
                        revision ? "the record was changed meanwhile" : "there is no such record");
    }
    return fail(ErrorCode::internal, "unknown precondition");
}

}  // namespace ndes::crp
