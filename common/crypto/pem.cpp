#include "common/crypto/pem.h"

namespace ndes {

std::string to_pem(std::string_view label, ByteView octets) {
    constexpr std::size_t kLine = 64;
    const std::string text = to_base64(octets);
    std::string pem = "-----BEGIN " + std::string(label) + "-----\n";
    for (std::size_t at = 0; at < text.size(); at += kLine)
        pem += text.substr(at, kLine) + "\n";
    return pem + "-----END " + std::string(label) + "-----\n";
}

}  // namespace ndes
