// From why no challenge was made to the problem that is answered. Pure function; any thread.
#pragma once

#include "crp-service/enrollment/challenge_service.h"
#include "crp-service/http/problem.h"

namespace ndes::crp {

tl::unexpected<Problem> refuse(ChallengeFault fault);

}  // namespace ndes::crp
