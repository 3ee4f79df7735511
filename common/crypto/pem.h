// PEM text (RFC 7468) around octets. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/bytes.h"

namespace ndes {

// "-----BEGIN LABEL-----", base64 in lines of 64, "-----END LABEL-----", each with a line end.
std::string to_pem(std::string_view label, ByteView octets);

// For OpenSSL's PEM readers (pem_password_cb): an encrypted key is an error, never a question for
// a pass phrase on the terminal.
inline int refuse_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*user*/) {
    return -1;
}

}  // namespace ndes
