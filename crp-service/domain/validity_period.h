// ValidityPeriod: from when until when something counts. Plain value.
#pragma once

#include <optional>

#include "common/clock.h"

namespace ndes::crp {

struct ValidityPeriod {
    std::optional<WallTime> from = {};   // in force from then on; absent: ever since
    std::optional<WallTime> until = {};  // and before that; absent: for good

    bool covers(WallTime now) const { return (!from || *from <= now) && (!until || now < *until); }
};

}  // namespace ndes::crp
