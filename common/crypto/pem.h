// PEM text (RFC 7468) around octets. Pure function; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/bytes.h"

namespace ndes {

// "-----BEGIN LABEL-----", base64 in lines of 64, "-----END LABEL-----", each with a line end.
std::string to_pem(std::string_view label, ByteView octets);

}  // namespace ndes
