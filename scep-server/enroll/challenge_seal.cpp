#include "scep-server/enroll/challenge_seal.h"

#include <utility>

#include "common/crypto/digest.h"
#include "common/crypto/openssl_ptr.h"
#include "common/file.h"

namespace ndes::scep {
namespace {

constexpr std::size_t kKeyOctets = 32;
constexpr std::size_t kGcmNonceOctets = 12;
constexpr std::size_t kTagOctets = 16;

int length_of(ByteView bytes) { return static_cast<int>(bytes.size()); }

// Unambiguous: neither identifier can hold a NUL.
Bytes associated_data(const SealContext& context) {
    std::string text = "ndesd " + std::string(context.purpose) + " 1";
    for (const std::string_view part : {context.transaction_id, context.request_id}) {
        text += '\0';
        text += part;
    }
    return to_bytes(as_bytes(text));
}

Failure cipher_failure() {
    return fail(ErrorCode::internal, "challenge: cannot be sealed", take_openssl_errors());
}

std::string_view trim(std::string_view text) {
    const auto last = text.find_last_not_of(" \t\r\n");
    return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

}  // namespace

Result<ChallengeSeal> ChallengeSeal::load(const std::filesystem::path& key_file, Random& random) {
    auto text = read_secret_file(key_file);
    if (!text) return pass_on(text, "journal key");
    auto key = from_hex(trim(as_text(text->expose())));
    if (!key || key->size() != kKeyOctets)
        return fail(ErrorCode::configuration,
                    "journal key: " + key_file.string() + " must hold 64 hexadecimal digits");
    return ChallengeSeal(Secret(std::move(*key)), random);
}

Result<std::string> ChallengeSeal::seal(std::string_view challenge,
                                        const SealContext& context) const {
    if (challenge.empty()) return std::string();
    const ByteView plain = as_bytes(challenge);
    const Bytes aad = associated_data(context);
    Bytes sealed = random_->bytes(kGcmNonceOctets);
    sealed.resize(kGcmNonceOctets + plain.size() + kTagOctets);
    const EvpCipherCtxPtr cipher(::EVP_CIPHER_CTX_new());
    std::uint8_t* const body = sealed.data() + kGcmNonceOctets;
    int done = 0;
    if (!cipher ||
        ::EVP_EncryptInit_ex(cipher.get(), ::EVP_aes_256_gcm(), nullptr, key_.expose().data(),
                             sealed.data()) != 1 ||
        ::EVP_EncryptUpdate(cipher.get(), nullptr, &done, aad.data(), length_of(aad)) != 1 ||
        ::EVP_EncryptUpdate(cipher.get(), body, &done, plain.data(), length_of(plain)) != 1 ||
        ::EVP_EncryptFinal_ex(cipher.get(), body + done, &done) != 1 ||
        ::EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_GET_TAG, kTagOctets,
                              body + plain.size()) != 1)
        return cipher_failure();
    return to_base64url(sealed);
}

Result<Secret> ChallengeSeal::open(std::string_view sealed, const SealContext& context) const {
    if (sealed.empty()) return Secret();
    auto bytes = from_base64url(sealed);
    if (!bytes || bytes->size() < kGcmNonceOctets + kTagOctets)
        return fail(ErrorCode::storage, "challenge: is not a sealed one");
    const ByteView all(*bytes);
    const ByteView body = all.subspan(kGcmNonceOctets, all.size() - kGcmNonceOctets - kTagOctets);
    Bytes tag = to_bytes(all.last(kTagOctets));
    const Bytes aad = associated_data(context);
    Bytes plain(body.size() + 1);  // never empty, so that data() is a place to write to
    const EvpCipherCtxPtr cipher(::EVP_CIPHER_CTX_new());
    int done = 0;
    const bool opened =
        cipher &&
        ::EVP_DecryptInit_ex(cipher.get(), ::EVP_aes_256_gcm(), nullptr, key_.expose().data(),
                             all.data()) == 1 &&
        ::EVP_DecryptUpdate(cipher.get(), nullptr, &done, aad.data(), length_of(aad)) == 1 &&
        ::EVP_DecryptUpdate(cipher.get(), plain.data(), &done, body.data(), length_of(body)) == 1 &&
        ::EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_AEAD_SET_TAG, kTagOctets, tag.data()) == 1 &&
        ::EVP_DecryptFinal_ex(cipher.get(), plain.data() + done, &done) == 1;
    Secret secret(Bytes(plain.begin(), plain.end() - 1));
    ::OPENSSL_cleanse(plain.data(), plain.size());
    if (opened) return secret;
    take_openssl_errors();
    return fail(ErrorCode::storage,
                "challenge: cannot be opened with journal.key_file; was the key changed?");
}

std::string ChallengeSeal::hash(std::string_view password) const {
    const Secret key(hmac_sha256(key_.expose(), as_bytes("ndesd password hash 1")));
    return to_hex(hmac_sha256(key.expose(), as_bytes(password)));
}

}  // namespace ndes::scep
