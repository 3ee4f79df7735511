// Algorithms a SCEP message may use: one table for ciphers, one for digests.
// Everything that is not in a table is refused. Constants; any thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "common/crypto/openssl_ptr.h"

namespace ndes::scep {

struct ContentCipher {
    std::string_view oid;    // contents octets of the OBJECT IDENTIFIER
    std::string_view name;   // as in SignedRequest::cipher_name
    std::string_view reply;  // cipher of the reply: the same or stronger
    std::size_t block_size;  // of the initialisation vector too
};

inline constexpr std::string_view kSingleDes = "des-cbc";
inline constexpr std::string_view kTripleDes = "des-ede3-cbc";

// Null when the cipher is not in the table (AEAD and stream modes never are: CVE-2026-34182).
const ContentCipher* find_cipher_by_oid(std::string_view oid);
const ContentCipher* find_cipher_by_name(std::string_view name);

// The cipher a reply to a request in `name` uses, fetched once; null when `name` is not in the
// table. Borrowed, lives as long as the process.
const EVP_CIPHER* reply_cipher(std::string_view name);

// True for the digests of RFC 8894 section 2.9: SHA-256, SHA-384, SHA-512. SHA-1 is for the caller
// to judge; MD5 never passes.
bool is_strong_digest(std::string_view name);
inline constexpr std::string_view kSha1 = "SHA-1";

// The digest a reply to a request in `name` uses, fetched once: the same if it is strong or
// SHA-1, else SHA-256. Never null. Borrowed, lives as long as the process.
const EVP_MD* reply_digest(std::string_view name);

}  // namespace ndes::scep
