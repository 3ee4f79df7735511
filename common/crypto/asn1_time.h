// Times of certificates: UTCTime and GeneralizedTime. Pure function; any thread.
#pragma once

#include "common/clock.h"
#include "common/crypto/openssl_ptr.h"

namespace ndes {

// The beginning of 1970 when it cannot be read.
WallTime wall_time(const ASN1_TIME* time);

}  // namespace ndes
