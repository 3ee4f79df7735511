// From when to when a challenge may be used, as the challenge itself or its record says.
// Pure function; any thread.
#pragma once

#include <optional>

#include "crp-service/validation/context.h"

namespace ndes::crp {

struct Validity {
    WallTime not_before;
    WallTime expires_at;
};

// A minted or sealed challenge carries its times; those of a posted one stand in its record.
// nullopt for a posted one without a record, which challenge_known refuses.
inline std::optional<Validity> challenge_validity(const Context& context) {
    if (context.opened && context.opened->makes_claims()) {
        return Validity{context.opened->claims.not_before, context.opened->claims.expires_at};
    }
    if (!context.challenge) return std::nullopt;
    return Validity{context.challenge->not_before, context.challenge->expires_at};
}

}  // namespace ndes::crp
