#include "common/crypto/aead.h"

#include <utility>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "common/crypto/openssl_ptr.h"

namespace ndes {
namespace {

// Inputs are bounded far below INT_MAX: the longest is a recorded answer of a few 100 KiB.
int length(ByteView bytes) { return static_cast<int>(bytes.size()); }

}  // namespace

Bytes aead_seal(ByteView key, ByteView associated, ByteView plain, Random& random) {
    Bytes sealed = random.bytes(kAeadNonceOctets);
    sealed.resize(kAeadOverhead + plain.size());
    std::uint8_t* const text = sealed.data() + kAeadNonceOctets;

    EvpCipherCtxPtr context(::EVP_CIPHER_CTX_new());
    int written = 0;
    const bool ok =
        key.size() == kAeadKeyOctets && context &&
        ::EVP_EncryptInit_ex(context.get(), ::EVP_aes_256_gcm(), nullptr, key.data(),
                             sealed.data()) == 1 &&
        ::EVP_EncryptUpdate(context.get(), nullptr, &written, associated.data(),
                            length(associated)) == 1 &&
        ::EVP_EncryptUpdate(context.get(), text, &written, plain.data(), length(plain)) == 1 &&
        ::EVP_EncryptFinal_ex(context.get(), text + plain.size(), &written) == 1 &&
        ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTagOctets,
                              text + plain.size()) == 1;
    if (!ok) {
        ::ERR_clear_error();
        return {};
    }
    return sealed;
}

std::optional<Secret> aead_open(ByteView key, ByteView associated, ByteView sealed) {
    if (key.size() != kAeadKeyOctets || sealed.size() < kAeadOverhead) return std::nullopt;
    const ByteView nonce = sealed.first(kAeadNonceOctets);
    const ByteView text = sealed.subspan(kAeadNonceOctets, sealed.size() - kAeadOverhead);
    Bytes tag = to_bytes(sealed.last(kAeadTagOctets));  // OpenSSL wants it writable
    Bytes plain(text.size());

    EvpCipherCtxPtr context(::EVP_CIPHER_CTX_new());
    std::uint8_t none = 0;  // a place to point at when there is no text
    std::uint8_t* const out = plain.empty() ? &none : plain.data();
    int written = 0;
    const bool ok =
        context &&
        ::EVP_DecryptInit_ex(context.get(), ::EVP_aes_256_gcm(), nullptr, key.data(),
                             nonce.data()) == 1 &&
        ::EVP_DecryptUpdate(context.get(), nullptr, &written, associated.data(),
                            length(associated)) == 1 &&
        ::EVP_DecryptUpdate(context.get(), out, &written, text.data(), length(text)) == 1 &&
        ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTagOctets, tag.data()) ==
            1 &&
        ::EVP_DecryptFinal_ex(context.get(), out, &written) == 1;
    Secret opened(std::move(plain));  // wiped also when it must not be used
    if (ok) return opened;
    ::ERR_clear_error();
    return std::nullopt;
}

}  // namespace ndes
