// Signature algorithms: AlgorithmIdentifiers of signatures, read and used to verify.
// Knows no message. Pure functions; any thread.
#pragma once

#include <string_view>

#include "common/bytes.h"
#include "common/crypto/key.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

struct SignatureAlgorithm {
    KeyType key_type = KeyType::other;
    std::string_view hash;  // as digest_name has it; "" when the algorithm is unknown
    bool pss = false;
    int salt_octets = 0;  // PSS
};

// Reads DER. bad_request when it cannot be read or has parameters that mean nothing: the signature
// of a request does not cover them. An unknown algorithm is read without a hash.
Result<SignatureAlgorithm> read_signature_algorithm(ByteView algorithm);

// False for MD5 and older hashes, for a key of another type, and for whatever OpenSSL refuses.
bool verify_signature(const SignatureAlgorithm& algorithm, EVP_PKEY* key, ByteView data,
                      ByteView signature);

}  // namespace ndes
