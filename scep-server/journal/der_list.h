// A list of DER values one after the other: DER tells its own length, so nothing stands between.
// Pure functions; any thread.
#pragma once

#include <vector>

#include "common/bytes.h"
#include "common/error.h"

namespace ndes::scep {

Bytes join_der(const std::vector<Bytes>& values);

// The inverse. storage when the octets are not a sequence of whole values.
Result<std::vector<Bytes>> split_der(ByteView joined);

}  // namespace ndes::scep
