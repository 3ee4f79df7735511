// Signatures over octets with Ed25519 or ECDSA P-256 (SHA-256), and the keys for them as PEM files.
// Knows nothing of what is signed. Shared const use from any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

// As load_private_key; also refuses (configuration) a key of another kind.
Result<EvpPkeyPtr> load_signing_key(const std::filesystem::path& path);

// PEM public key (SubjectPublicKeyInfo). configuration, naming the path.
Result<EvpPkeyPtr> load_public_key(const std::filesystem::path& path);

// The first 16 hexadecimal digits of SHA-256 over the SubjectPublicKeyInfo; "" if that fails.
std::string key_id_of(const EVP_PKEY* key);

Result<Bytes> sign(EVP_PKEY* key, ByteView data);
bool is_signature_of(EVP_PKEY* key, ByteView data, ByteView signature);

// A new Ed25519 key pair, PEM: PKCS#8 and SubjectPublicKeyInfo.
struct KeyPairPem {
    std::string private_key;
    std::string public_key;
};
Result<KeyPairPem> make_ed25519_pem();

}  // namespace ndes
