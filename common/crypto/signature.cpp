#include "common/crypto/signature.h"

#include <array>
#include <string_view>

#include <openssl/core_names.h>
#include <openssl/pem.h>

#include "common/crypto/digest.h"
#include "common/crypto/key.h"
#include "common/crypto/pem.h"
#include "common/file.h"

namespace ndes {
namespace {

constexpr std::size_t kKeyIdDigits = 16;

bool is_ed25519(const EVP_PKEY* key) { return ::EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519; }

bool is_p256(const EVP_PKEY* key) {
    std::array<char, 32> group{};
    return ::EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
           ::EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(),
                                            group.size(), nullptr) == 1 &&
           std::string_view(group.data()) == "prime256v1";
}

Result<EvpPkeyPtr> check_kind(EvpPkeyPtr key, const std::filesystem::path& path) {
    if (is_ed25519(key.get()) || is_p256(key.get())) return key;
    return fail(ErrorCode::configuration,
                path.string() + ": must be an Ed25519 or EC P-256 key (crpctl audit keygen)");
}

const EVP_MD* digest_of(const EVP_PKEY* key) {
    return is_ed25519(key) ? nullptr : ::EVP_sha256();  // Ed25519 has its own
}

}  // namespace

Result<EvpPkeyPtr> load_signing_key(const std::filesystem::path& path) {
    auto key = load_private_key(path);
    if (!key) return key;
    return check_kind(std::move(*key), path);
}

Result<EvpPkeyPtr> load_public_key(const std::filesystem::path& path) {
    auto pem = read_file(path);
    if (!pem) return pass_on(pem);
    const BioPtr source(::BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
    EvpPkeyPtr key(::PEM_read_bio_PUBKEY(source.get(), nullptr, nullptr, nullptr));
    if (!key) {
        return fail(ErrorCode::configuration, path.string() + ": not a PEM public key",
                    take_openssl_errors());
    }
    return check_kind(std::move(key), path);
}

std::string key_id_of(const EVP_PKEY* key) {
    const auto der = spki_der(key);
    return der ? sha256_hex(*der).substr(0, kKeyIdDigits) : std::string();
}

Result<Bytes> sign(EVP_PKEY* key, ByteView data) {
    const EvpMdCtxPtr context(::EVP_MD_CTX_new());
    std::size_t size = 0;
    if (!context ||
        ::EVP_DigestSignInit(context.get(), nullptr, digest_of(key), nullptr, key) != 1 ||
        ::EVP_DigestSign(context.get(), nullptr, &size, data.data(), data.size()) != 1) {
        return fail(ErrorCode::internal, "cannot sign", take_openssl_errors());
    }
    Bytes signature(size);
    if (::EVP_DigestSign(context.get(), signature.data(), &size, data.data(), data.size()) != 1) {
        return fail(ErrorCode::internal, "cannot sign", take_openssl_errors());
    }
    signature.resize(size);
    return signature;
}

bool is_signature_of(EVP_PKEY* key, ByteView data, ByteView signature) {
    const EvpMdCtxPtr context(::EVP_MD_CTX_new());
    const bool good =
        context &&
        ::EVP_DigestVerifyInit(context.get(), nullptr, digest_of(key), nullptr, key) == 1 &&
        ::EVP_DigestVerify(context.get(), signature.data(), signature.size(), data.data(),
                           data.size()) == 1;
    take_openssl_errors();
    return good;
}

Result<KeyPairPem> make_ed25519_pem() {
    const EvpPkeyPtr key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    if (!key) return fail(ErrorCode::internal, "cannot make a key", take_openssl_errors());
    auto secret = key_pem(key.get());
    if (!secret) return pass_on(secret);
    auto open = pem_text([&](BIO* out) { return ::PEM_write_bio_PUBKEY(out, key.get()); });
    if (!open) return pass_on(open);
    return KeyPairPem{std::move(*secret), std::move(*open)};
}

}  // namespace ndes
