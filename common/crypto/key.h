// Keys: private keys loaded from files and facts about public keys.
// A private key never leaves its object. Shared const use from any thread.
#pragma once

#include <filesystem>
#include <string>

#include "common/bytes.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

enum class KeyType { rsa, ec, other };

// What a rule wants to know of a public key.
struct KeyFacts {
    KeyType type = KeyType::other;
    int bits = 0;                   // RSA modulus or EC field size
    bool standard_exponent = true;  // RSA: e = 65537
    bool named_curve = true;        // EC: curve given by name, not by explicit parameters
};

// PEM, unencrypted, readable by its owner alone (see read_secret_file). configuration on failure,
// naming the path.
Result<EvpPkeyPtr> load_private_key(const std::filesystem::path& path);

// SubjectPublicKeyInfo, DER.
Result<Bytes> spki_der(const EVP_PKEY* key);

KeyFacts key_facts(const EVP_PKEY* key);

}  // namespace ndes
