// SCEP's signed attributes of a request (RFC 8894 section 3.2.1), each exactly once with exactly
// one value of the right type. Unsigned attributes are never looked at.
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes::scep {

// PrintableString (or UTF8String of the same characters, as some clients have it), 1 to 255.
Result<std::string> read_transaction_id(const CMS_SignerInfo* signer);

// OCTET STRING of 8 to 64.
Result<Bytes> read_sender_nonce(const CMS_SignerInfo* signer);

// PrintableString of decimal digits, without sign, blank or leading zero, up to 999999.
Result<int> read_message_type_number(const CMS_SignerInfo* signer);

}  // namespace ndes::scep
