// Public keys read from SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) without OpenSSL's general
// decoder, which takes longer than verifying a signature. Pure function; any thread.
#pragma once

#include <memory>

#include "common/bytes.h"
#include "common/crypto/key.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

struct PublicKey {
    KeyFacts facts;
    // Ready to verify with; null for a key that `facts` forbids to use: see is_usable().
    std::shared_ptr<EVP_PKEY> handle;
};

// Reads DER (is_der has accepted it). bad_request when RSA or EC keys are not written in the one
// way that RFC 3279 and RFC 5480 have for them (NULL parameters, RSAPublicKey in DER, uncompressed
// point), the point is not on its curve, or the key is cut short. Other algorithms are KeyType
// other.
Result<PublicKey> read_public_key(ByteView spki);

}  // namespace ndes
