#include "common/crypto/openssl_ptr.h"

#include <array>

#include <openssl/err.h>

namespace ndes {

std::string take_openssl_errors() {
    std::string line;
    const char* data = nullptr;
    int flags = 0;
    while (const unsigned long code =
               ::ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
        std::array<char, 256> text{};
        ::ERR_error_string_n(code, text.data(), text.size());
        if (!line.empty()) line += "; ";
        line += text.data();
        const bool has_data = data != nullptr && (flags & ERR_TXT_STRING) != 0 && *data != '\0';
        if (has_data) line.append(" (").append(data).append(")");
    }
    return line;
}

}  // namespace ndes
