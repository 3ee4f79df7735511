#include "common/crypto/key.h"

#include <array>
#include <string_view>

#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "common/crypto/pem.h"
#include "common/crypto/rsa_weakness.h"
#include "common/file.h"

namespace ndes {
namespace {

bool has_standard_exponent(const EVP_PKEY* key) {
    BIGNUM* value = nullptr;
    if (::EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &value) != 1) return false;
    const BignumPtr exponent(value);
    return ::BN_is_word(exponent.get(), RSA_F4) == 1;
}

bool has_named_curve(const EVP_PKEY* key) {
    std::array<char, 32> encoding{};
    return ::EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, encoding.data(),
                                            encoding.size(), nullptr) == 1 &&
           std::string_view(encoding.data()) == OSSL_PKEY_EC_ENCODING_GROUP;
}

}  // namespace

bool is_usable(const KeyFacts& facts) {
    switch (facts.type) {
        case KeyType::rsa:
            return facts.bits <= kMostRsaBits && facts.standard_exponent && facts.weakness.empty();
        case KeyType::ec: return facts.named_curve && facts.common_curve;
        case KeyType::other: break;
    }
    return false;
}

Result<EvpPkeyPtr> load_private_key(const std::filesystem::path& path) {
    auto pem = read_secret_file(path);
    if (!pem) return pass_on(pem);
    const ByteView text = pem->expose();
    const BioPtr source(::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    EvpPkeyPtr key(::PEM_read_bio_PrivateKey(source.get(), nullptr, refuse_passphrase, nullptr));
    if (!key) {
        return fail(ErrorCode::configuration,
                    path.string() + ": not an unencrypted PEM private key", take_openssl_errors());
    }
    return key;
}

Result<Bytes> spki_der(const EVP_PKEY* key) {
    unsigned char* encoded = nullptr;
    const int size = ::i2d_PUBKEY(key, &encoded);
    if (size <= 0) {
        return fail(ErrorCode::bad_request, "public key cannot be encoded", take_openssl_errors());
    }
    Bytes der(encoded, encoded + size);
    ::OPENSSL_free(encoded);
    return der;
}

KeyFacts key_facts(const EVP_PKEY* key) {
    KeyFacts facts;
    facts.bits = ::EVP_PKEY_get_bits(key);
    switch (::EVP_PKEY_get_base_id(key)) {
        case EVP_PKEY_RSA:
            facts.type = KeyType::rsa;
            facts.standard_exponent = has_standard_exponent(key);
            break;
        case EVP_PKEY_EC:
            facts.type = KeyType::ec;
            facts.named_curve = has_named_curve(key);
            break;
        default: facts.type = KeyType::other; break;
    }
    take_openssl_errors();
    return facts;
}

}  // namespace ndes
