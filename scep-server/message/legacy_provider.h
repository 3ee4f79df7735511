// Legacy provider: the one place that knows single DES, for clients served under the switch
// `scep.legacy_des_sha1`. OpenSSL's default library context never learns it. Any thread.
#pragma once

#include <openssl/types.h>

namespace ndes::scep {

// A library context of its own with OpenSSL's default and legacy providers, made at the first
// call. Null when the legacy provider is not installed. Lives as long as the process.
OSSL_LIB_CTX* legacy_library_context();

}  // namespace ndes::scep
