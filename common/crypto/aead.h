// AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce that travels with the text.
// Knows nothing of what is protected. Pure functions; any thread.
#pragma once

#include <optional>

#include "common/bytes.h"
#include "common/random.h"
#include "common/secret.h"

namespace ndes {

inline constexpr std::size_t kAeadKeyOctets = 32;
inline constexpr std::size_t kAeadNonceOctets = 12;
inline constexpr std::size_t kAeadTagOctets = 16;
inline constexpr std::size_t kAeadOverhead = kAeadNonceOctets + kAeadTagOctets;

// nonce || ciphertext || tag. `key`: 32 octets. Random nonces allow about 2^32 texts under one key
// (SP 800-38D section 8.3). Empty only when OpenSSL has no memory.
Bytes aead_seal(ByteView key, ByteView associated, ByteView plain, Random& random);

// The plain text, or nullopt when one bit of key, associated data or text is not as sealed.
std::optional<Secret> aead_open(ByteView key, ByteView associated, ByteView sealed);

}  // namespace ndes
