#include "common/crypto/pem.h"

#include <openssl/pem.h>

namespace ndes {

std::string to_pem(std::string_view label, ByteView octets) {
    constexpr std::size_t kLine = 64;
    const std::string text = to_base64(octets);
    std::string pem = "-----BEGIN " + std::string(label) + "-----\n";
    for (std::size_t at = 0; at < text.size(); at += kLine)
        pem += text.substr(at, kLine) + "\n";
    return pem + "-----END " + std::string(label) + "-----\n";
}

Result<std::string> pem_text(const std::function<int(BIO*)>& write) {
    const BioPtr out(::BIO_new(::BIO_s_secmem()));
    if (!out || write(out.get()) != 1)
        return fail(ErrorCode::internal, "cannot make PEM", take_openssl_errors());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

Result<std::string> key_pem(EVP_PKEY* key) {
    return pem_text([&](BIO* out) {
        return ::PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
    });
}

Result<std::string> certificate_pem(X509* certificate) {
    return pem_text([&](BIO* out) { return ::PEM_write_bio_X509(out, certificate); });
}

}  // namespace ndes
