#include <algorithm>
#include <charconv>

#include "common/http_client/http_client.h"

namespace ndes::http {
namespace {

bool is_plain(char c) { return c > 0x20 && c < 0x7f; }

Result<void> read_port(std::string_view text, std::uint16_t& port) {
    const char* const end = text.data() + text.size();
    const auto [rest, fault] = std::from_chars(text.data(), end, port);
    if (fault != std::errc() || rest != end || port == 0) {
        return fail(ErrorCode::bad_request, "the port must be a number from 1 to 65535");
    }
    return {};
}

}  // namespace

bool Url::is_loopback() const {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<Url> parse_url(std::string_view text) {
    Url url;
    if (!std::all_of(text.begin(), text.end(), is_plain)) {
        return fail(ErrorCode::bad_request, "has a blank or a character outside ASCII");
    }
    if (text.starts_with("https://")) {
        text.remove_prefix(8);
    } else if (text.starts_with("http://")) {
        text.remove_prefix(7);
        url.https = false;
        url.port = 80;
    } else {
        return fail(ErrorCode::bad_request, "must begin with https:// or http://");
    }
    if (text.find('#') != std::string_view::npos) {
        return fail(ErrorCode::bad_request, "must have no fragment");
    }
    const std::size_t path = std::min(text.find_first_of("/?"), text.size());
    std::string_view authority = text.substr(0, path);
    if (path < text.size()) {
        url.target = (text[path] == '?' ? "/" : "") + std::string(text.substr(path));
    }
    if (authority.find('@') != std::string_view::npos) {
        return fail(ErrorCode::bad_request, "must have no user name or password");
    }
    const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
    if (bracket == std::string_view::npos) {
        return fail(ErrorCode::bad_request, "the address lacks its closing bracket");
    }
    const std::size_t colon = authority.find(':', bracket);
    if (colon != std::string_view::npos) {
        if (auto read = read_port(authority.substr(colon + 1), url.port); !read) {
            return pass_on(read);
        }
        authority = authority.substr(0, colon);
    }
    if (bracket != 0) {
        if (authority.size() != bracket + 1) {
            return fail(ErrorCode::bad_request, "has text after the address's bracket");
        }
        authority = authority.substr(1, bracket - 1);
    }
    if (authority.empty()) return fail(ErrorCode::bad_request, "names no host");
    url.host = std::string(authority);
    return url;
}

}  // namespace ndes::http
