// Digests and message authentication codes. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/secret.h"

namespace ndes {

Bytes sha256(ByteView data);
std::string sha256_hex(ByteView data);
// To name a certificate as Windows does; proves nothing.
std::string sha1_hex(ByteView data);
Bytes hmac_sha256(ByteView key, ByteView data);

// The one spelling of digest names in the product ("SHA-256", "SHA-1", "MD5", …) for OpenSSL's
// number of a digest algorithm; "" for a digest that has no name here.
std::string_view digest_name(int nid);

}  // namespace ndes
