// parse_listen_address of config_file.h.
#include <array>
#include <charconv>

#include <arpa/inet.h>

#include "common/config/config_file.h"

namespace ndes {
namespace {

bool is_address(int family, const std::string& text) {
    std::array<unsigned char, sizeof(::in6_addr)> octets{};
    return ::inet_pton(family, text.c_str(), octets.data()) == 1;
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
    const auto wrong = fail(ErrorCode::configuration,
                            "must be address:port, such as \"127.0.0.1:8080\" or \"[::1]:8080\"");
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return wrong;
    const std::string_view digits = text.substr(colon + 1);
    const char* end = digits.data() + digits.size();
    ListenAddress listen;
    const auto [stop, error] = std::from_chars(digits.data(), end, listen.port);
    if (error != std::errc() || stop != end) return wrong;
    std::string_view address = text.substr(0, colon);
    const bool bracketed = address.starts_with('[') && address.ends_with(']');
    if (bracketed) address = address.substr(1, address.size() - 2);
    listen.address = address;
    if (!is_address(bracketed ? AF_INET6 : AF_INET, listen.address)) return wrong;
    return listen;
}

}  // namespace ndes
