#include "common/crypto/digest.h"

#include <array>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

namespace ndes {
namespace {

// Fetched once: an implicit fetch costs more than hashing a short text.
const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const algorithm = ::EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return algorithm;
}

[[noreturn]] void no_sha256() {
    throw std::runtime_error("OpenSSL cannot compute SHA-256 on this machine");
}

struct NamedDigest {
    int nid;
    std::string_view name;
};
constexpr std::array kDigests{
    NamedDigest{NID_sha256, "SHA-256"},    NamedDigest{NID_sha1, "SHA-1"},
    NamedDigest{NID_sha384, "SHA-384"},    NamedDigest{NID_sha512, "SHA-512"},
    NamedDigest{NID_sha224, "SHA-224"},    NamedDigest{NID_md5, "MD5"},
    NamedDigest{NID_md4, "MD4"},           NamedDigest{NID_md2, "MD2"},
    NamedDigest{NID_sha3_256, "SHA3-256"}, NamedDigest{NID_sha3_384, "SHA3-384"},
    NamedDigest{NID_sha3_512, "SHA3-512"}, NamedDigest{NID_ripemd160, "RIPEMD-160"},
};

}  // namespace

Bytes sha256(ByteView data) {
    Bytes digest(SHA256_DIGEST_LENGTH);
    if (::EVP_Digest(data.data(), data.size(), digest.data(), nullptr, sha256_algorithm(),
                     nullptr) != 1) {
        no_sha256();
    }
    return digest;
}

std::string sha256_hex(ByteView data) { return to_hex(sha256(data)); }

std::string sha1_hex(ByteView data) {
    static const EVP_MD* const algorithm = ::EVP_MD_fetch(nullptr, "SHA1", nullptr);
    std::array<std::uint8_t, SHA_DIGEST_LENGTH> digest{};
    if (::EVP_Digest(data.data(), data.size(), digest.data(), nullptr, algorithm, nullptr) != 1) {
        return "";
    }
    return to_hex(digest);
}

Bytes hmac_sha256(ByteView key, ByteView data) {
    Bytes code(SHA256_DIGEST_LENGTH);
    if (::HMAC(sha256_algorithm(), key.data(), static_cast<int>(key.size()), data.data(),
               data.size(), code.data(), nullptr) == nullptr) {
        no_sha256();
    }
    return code;
}

std::string_view digest_name(int nid) {
    for (const NamedDigest& digest : kDigests) {
        if (digest.nid == nid) return digest.name;
    }
    return "";
}

}  // namespace ndes
