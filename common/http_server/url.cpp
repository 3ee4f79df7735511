#include "common/http_server/url.h"

#include "common/digits.h"

namespace ndes::http {
namespace {

// RFC 3986 section 2.3.
bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

// Takes the text before the next `separator` off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) {
    const auto end = rest.find(separator);
    const auto part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return part;
}

}  // namespace

Result<std::string> percent_decode(std::string_view text) {
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\0') return bad_request("NUL");
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_digit_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_digit_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) return fail(ErrorCode::bad_request, "malformed percent escape");
        const int octet = high * 16 + low;
        if (octet == 0) return fail(ErrorCode::bad_request, "percent escape of NUL");
        decoded += static_cast<char>(octet);
        i += 2;
    }
    return decoded;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string encoded;
    encoded.reserve(text.size());
    for (const char c : text) {
        if (is_unreserved(c)) {
            encoded += c;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        encoded += '%';
        encoded += kDigits[octet >> 4U];
        encoded += kDigits[octet & 0x0FU];
    }
    return encoded;
}

Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> parameters;
    while (!query.empty()) {
        std::string_view rest = take_until(query, '&');
        if (rest.empty()) continue;
        auto name = percent_decode(take_until(rest, '='));
        if (!name) return pass_on(name, "query");
        auto value = percent_decode(rest);
        if (!value) return pass_on(value, "query");
        parameters.emplace_back(std::move(*name), std::move(*value));
    }
    return parameters;
}

Result<std::vector<std::string>> decode_segments(std::string_view target) {
    std::string_view path = target.substr(0, target.find('?'));
    if (path.empty() || path.front() != '/') {
        return fail(ErrorCode::bad_request, "path does not begin with '/'");
    }
    std::vector<std::string> segments;
    if (path.size() == 1) return segments;
    for (;;) {
        path.remove_prefix(1);  // the '/' before the segment
        const auto end = path.find('/');
        auto segment = percent_decode(path.substr(0, end));
        if (!segment) return pass_on(segment, "path");
        segments.push_back(std::move(*segment));
        if (end == std::string_view::npos) return segments;
        path.remove_prefix(end);
    }
}

}  // namespace ndes::http
