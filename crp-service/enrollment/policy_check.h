// Policy check: is a policy record one that enrolments can be judged by? Asked before it is stored,
// so that a slip of the pen is told to who made it and not to a thousand devices.
// Knows no JSON, HTTP or store. Pure functions; any thread.
#pragma once

#include "common/error.h"
#include "crp-service/domain/records.h"

namespace ndes::crp {

// bad_request, naming the field in the API's spelling, for the first of: a subject that is not a
// distinguished name; an unknown or broken {{Variable}}; a subject alternative name that its type
// cannot hold; a key usage that only a certification authority has.
Result<void> check_policy(const Policy& policy);

}  // namespace ndes::crp
