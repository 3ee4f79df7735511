// Keys: private keys loaded from files and facts about public keys.
// A private key never leaves its object. Shared const use from any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

enum class KeyType { rsa, ec, other };

// Shorter RSA keys neither sign nor receive CMS.
inline constexpr int kLeastRsaBits = 2048;

// What a rule wants to know of a public key.
struct KeyFacts {
    KeyType type = KeyType::other;
    int bits = 0;                    // RSA modulus or EC field size
    bool standard_exponent = true;   // RSA: e = 65537
    bool named_curve = true;         // EC: curve given by name, not by explicit parameters
    bool common_curve = true;        // EC: NIST P-256, P-384, P-521 or a Brainpool r1 of that size
    std::string_view weakness = {};  // RSA: see rsa_weakness; "" if none, or not looked for
};

// True if verifying with the key is cheap and means something, whatever a policy says of it: RSA up
// to 4096 bits with e = 65537 and no weakness, or EC on a common named curve.
bool is_usable(const KeyFacts& facts);

// PEM, unencrypted, readable by its owner alone (see read_secret_file). configuration on failure,
// naming the path.
Result<EvpPkeyPtr> load_private_key(const std::filesystem::path& path);

// SubjectPublicKeyInfo, DER.
Result<Bytes> spki_der(const EVP_PKEY* key);

// Looks for no weakness and for no particular curve.
KeyFacts key_facts(const EVP_PKEY* key);

}  // namespace ndes
