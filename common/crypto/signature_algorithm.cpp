#include "common/crypto/signature_algorithm.h"

#include <algorithm>
#include <array>
#include <string>

#include <openssl/rsa.h>

#include "common/crypto/der_reader.h"

namespace ndes {
namespace {

constexpr std::string_view kOidPss = "1.2.840.113549.1.1.10";
constexpr std::string_view kOidMgf1 = "1.2.840.113549.1.1.8";

struct Known {
    std::string_view oid;
    KeyType key_type;
    std::string_view hash;
};
// RFC 8017 appendix A.2.4, RFC 5758 section 3.2, NIST's SHA-3 arc, and the OIW's SHA-1.
constexpr std::array kSignatures{
    Known{"1.2.840.113549.1.1.11", KeyType::rsa, "SHA-256"},
    Known{"1.2.840.10045.4.3.2", KeyType::ec, "SHA-256"},
    Known{"1.2.840.113549.1.1.12", KeyType::rsa, "SHA-384"},
    Known{"1.2.840.113549.1.1.13", KeyType::rsa, "SHA-512"},
    Known{"1.2.840.113549.1.1.14", KeyType::rsa, "SHA-224"},
    Known{"1.2.840.113549.1.1.5", KeyType::rsa, "SHA-1"},
    Known{"1.3.14.3.2.29", KeyType::rsa, "SHA-1"},
    Known{"1.2.840.113549.1.1.4", KeyType::rsa, "MD5"},
    Known{"1.2.840.113549.1.1.3", KeyType::rsa, "MD4"},
    Known{"1.2.840.113549.1.1.2", KeyType::rsa, "MD2"},
    Known{"2.16.840.1.101.3.4.3.14", KeyType::rsa, "SHA3-256"},
    Known{"2.16.840.1.101.3.4.3.15", KeyType::rsa, "SHA3-384"},
    Known{"2.16.840.1.101.3.4.3.16", KeyType::rsa, "SHA3-512"},
    Known{"1.2.840.10045.4.3.3", KeyType::ec, "SHA-384"},
    Known{"1.2.840.10045.4.3.4", KeyType::ec, "SHA-512"},
    Known{"1.2.840.10045.4.3.1", KeyType::ec, "SHA-224"},
    Known{"1.2.840.10045.4.1", KeyType::ec, "SHA-1"},
    Known{"2.16.840.1.101.3.4.3.10", KeyType::ec, "SHA3-256"},
    Known{"2.16.840.1.101.3.4.3.11", KeyType::ec, "SHA3-384"},
    Known{"2.16.840.1.101.3.4.3.12", KeyType::ec, "SHA3-512"},
};
constexpr std::array kPssHashes{
    Known{"2.16.840.1.101.3.4.2.1", KeyType::rsa, "SHA-256"},
    Known{"2.16.840.1.101.3.4.2.2", KeyType::rsa, "SHA-384"},
    Known{"2.16.840.1.101.3.4.2.3", KeyType::rsa, "SHA-512"},
    Known{"2.16.840.1.101.3.4.2.4", KeyType::rsa, "SHA-224"},
};

// Hashes that a signature may still be verified with, and OpenSSL's name of each. Fetched once:
// OpenSSL's look-up by name takes a lock.
struct Verifiable {
    std::string_view hash;
    const EVP_MD* digest;
};
const EVP_MD* digest_for(std::string_view hash) {
    static const auto fetch = [](const char* name) {
        return ::EVP_MD_fetch(nullptr, name, nullptr);
    };
    static const std::array kVerifiable{
        Verifiable{"SHA-256", fetch("SHA2-256")},  Verifiable{"SHA-384", fetch("SHA2-384")},
        Verifiable{"SHA-512", fetch("SHA2-512")},  Verifiable{"SHA-224", fetch("SHA2-224")},
        Verifiable{"SHA-1", fetch("SHA1")},        Verifiable{"SHA3-256", fetch("SHA3-256")},
        Verifiable{"SHA3-384", fetch("SHA3-384")}, Verifiable{"SHA3-512", fetch("SHA3-512")},
    };
    const auto found = std::ranges::find(kVerifiable, hash, &Verifiable::hash);
    return found == kVerifiable.end() ? nullptr : found->digest;
}

Failure bad() { return fail(ErrorCode::bad_request, "signature algorithm has parameters"); }

struct Identifier {
    std::string oid;
    std::optional<DerElement> parameters;
};
std::optional<Identifier> read_identifier(const std::optional<ByteView>& contents) {
    DerReader reader(contents.value_or(ByteView{}));
    const auto oid = reader.take(kDerOid);
    Identifier identifier;
    identifier.parameters = reader.next();
    if (!oid || !reader.empty()) return std::nullopt;
    identifier.oid = dotted_oid(oid->contents);
    return identifier;
}

// RFC 4055 section 2.1: parameters of a hash are absent or NULL.
std::string_view pss_hash(const std::optional<Identifier>& identifier) {
    if (!identifier) return "";
    const auto& parameters = identifier->parameters;
    if (parameters && parameters->identifier != kDerNull) return "";
    const auto found = std::ranges::find(kPssHashes, identifier->oid, &Known::oid);
    return found == kPssHashes.end() ? "" : found->hash;
}

// RFC 4055 section 3.1. Read is what clients send: one hash of SHA-2 for the message and for MGF1.
// Everything else is an algorithm without a hash.
SignatureAlgorithm read_pss(const std::optional<DerElement>& parameters) {
    SignatureAlgorithm algorithm{KeyType::rsa, "", true, 20};
    if (!parameters || parameters->identifier != kDerSequence) return algorithm;
    DerReader reader(parameters->contents);
    const auto hash = reader.take(der_context(0, true));
    const auto generator = reader.take(der_context(1, true));
    const auto salt = reader.take(der_context(2, true));
    if (!hash || !generator || !reader.empty()) return algorithm;
    const auto mgf1 = read_identifier(der_contents(generator->contents, kDerSequence));
    if (!mgf1 || mgf1->oid != kOidMgf1 || !mgf1->parameters) return algorithm;
    const auto of_message = pss_hash(read_identifier(der_contents(hash->contents, kDerSequence)));
    const auto of_mask =
        pss_hash(read_identifier(der_contents(mgf1->parameters->whole, kDerSequence)));
    if (of_message != of_mask) return algorithm;
    if (salt) {
        const auto octets = der_contents(salt->contents, kDerInteger);
        if (!octets || octets->size() != 1 || octets->front() > 0x7F) return algorithm;
        algorithm.salt_octets = octets->front();
    }
    algorithm.hash = of_message;
    return algorithm;
}

}  // namespace

Result<SignatureAlgorithm> read_signature_algorithm(ByteView algorithm) {
    const auto identifier = read_identifier(der_contents(algorithm, kDerSequence));
    if (!identifier || identifier->oid.empty()) {
        return fail(ErrorCode::bad_request, "signature algorithm cannot be read");
    }
    if (identifier->oid == kOidPss) return read_pss(identifier->parameters);
    const auto& parameters = identifier->parameters;
    if (parameters && parameters->identifier != kDerNull) return bad();
    const auto found = std::ranges::find(kSignatures, identifier->oid, &Known::oid);
    if (found == kSignatures.end()) return SignatureAlgorithm{};
    return SignatureAlgorithm{found->key_type, found->hash, false, 0};
}

bool verify_signature(const SignatureAlgorithm& algorithm, EVP_PKEY* key, ByteView data,
                      ByteView signature) {
    const EVP_MD* const digest = digest_for(algorithm.hash);
    const int wanted = algorithm.key_type == KeyType::rsa ? EVP_PKEY_RSA : EVP_PKEY_EC;
    if (digest == nullptr || key == nullptr || ::EVP_PKEY_get_base_id(key) != wanted) return false;
    const EvpMdCtxPtr context(::EVP_MD_CTX_new());
    EVP_PKEY_CTX* key_context = nullptr;
    bool verified = ::EVP_DigestVerifyInit(context.get(), &key_context, digest, nullptr, key) == 1;
    if (verified && algorithm.pss) {
        verified = ::EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1 &&
                   ::EVP_PKEY_CTX_set_rsa_mgf1_md(key_context, digest) == 1 &&
                   ::EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, algorithm.salt_octets) == 1;
    }
    verified = verified && ::EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                              data.data(), data.size()) == 1;
    take_openssl_errors();
    return verified;
}

}  // namespace ndes
