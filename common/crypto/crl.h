// Certificate revocation lists in files and answers (RFC 5280 section 5). Verifies nothing.
// Pure function; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "common/crypto/openssl_ptr.h"

namespace ndes {

// Every list of PEM text, or the one in DER; none when the octets hold none.
std::vector<X509CrlPtr> read_crls(std::string_view octets);

}  // namespace ndes
