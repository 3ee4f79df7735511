// Digests and message authentication codes. Pure functions; any thread.
#pragma once

#include <string>

#include "common/bytes.h"
#include "common/secret.h"

namespace ndes {

Bytes sha256(ByteView data);
std::string sha256_hex(ByteView data);
Bytes hmac_sha256(ByteView key, ByteView data);

}  // namespace ndes
