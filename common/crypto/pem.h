// PEM text (RFC 7468) around octets. Pure functions; any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

// "-----BEGIN LABEL-----", base64 in lines of 64, "-----END LABEL-----", each with a line end.
std::string to_pem(std::string_view label, ByteView octets);

// What one of OpenSSL's PEM writers (1 on success) makes, held meanwhile in memory that is wiped.
// internal, with OpenSSL's words.
Result<std::string> pem_text(const std::function<int(BIO*)>& write);

Result<std::string> key_pem(EVP_PKEY* key);  // PKCS#8, unencrypted; the caller cleanses it
Result<std::string> certificate_pem(X509* certificate);

// For OpenSSL's PEM readers (pem_password_cb): an encrypted key is an error, never a question for
// a pass phrase on the terminal.
inline int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
    return -1;
}

}  // namespace ndes
