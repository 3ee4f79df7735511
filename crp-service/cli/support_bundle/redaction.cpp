#include "crp-service/cli/support_bundle/redaction.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>
#include <vector>

namespace ndes::crp::cli {

namespace {

constexpr std::size_t kLongestLine = 8192;

struct Pattern {
    std::regex what;
    const char* instead;
};

const std::vector<Pattern>& patterns() {
    constexpr auto kind = std::regex::ECMAScript | std::regex::icase | std::regex::optimize;
    static const std::vector<Pattern> list{
        {std::regex(R"(\bcrp1\.[A-Za-z0-9._-]{8,})", kind), "[removed]"},
        {std::regex(R"(\bMI[A-Za-z0-9+/]{40,}={0,2})", kind), "[removed]"},
        {std::regex(R"((\w://)[^\s/@"]+@)", kind), "$1[removed]@"},
        {std::regex(R"((\b(?:basic|bearer)\s+)[A-Za-z0-9+/._=-]{6,})", kind), "$1[removed]"},
        // A word and its value: password=x, "secret":"x", challengePassword: x.
        {std::regex(
             "(\\b(?:challenge|(?:challenge[_-]?)?password|passwd|passphrase|pwd|secret|token|"
             "api[_-]?key|pin|pin-value|authorization)\"?\\s*[=:]\\s*)"
             "(?!null|true|false|\\[|\\{)(?:\"[^\"]+\"|'[^']+'|[^\\s\"',;&<>]+)",
             kind),
         "$1\"[removed]\""},
    };
    return list;
}

std::string masked_line(std::string line) {
    if (line.size() > kLongestLine) {
        line.resize(kLongestLine);
        line += " [cut]";
    }
    for (const Pattern& pattern : patterns())
        line = std::regex_replace(line, pattern.what, pattern.instead);
    return line;
}

bool is_plain(const std::string& value) {  // number or boolean: no secret
    return value == "true" || value == "false" ||
           std::ranges::all_of(value, [](unsigned char c) { return std::isdigit(c) != 0; });
}

bool ends_with_any(std::string_view key, std::initializer_list<std::string_view> ends) {
    return std::ranges::any_of(ends, [&](std::string_view end) { return key.ends_with(end); });
}

}  // namespace

std::string masked_setting(std::string_view name, const std::string& value) {
    std::string key(name.substr(name.rfind('.') + 1));
    std::ranges::transform(key, key.begin(), [](unsigned char c) { return std::tolower(c); });
    if (ends_with_any(key, {"_file", "_files", "_path", "path", "store", "folder"})) return value;
    if (is_plain(value) || value.empty()) return value;
    constexpr std::array<std::string_view, 9> kSecret{"password",  "passwd",  "passphrase",
                                                      "secret",    "token",   "connection",
                                                      "challenge", "command", "auth"};
    const bool secret =
        key == "pin" || key == "key" || std::ranges::any_of(kSecret, [&](std::string_view word) {
            return key.find(word) != std::string::npos;
        });
    return secret ? std::string(kRemoved) : masked_text(value);
}

std::string masked_text(std::string_view text) {
    std::string out;
    bool in_key = false;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        const std::string_view line = text.substr(0, end);
        const bool begins = line.find("-----BEGIN") != std::string_view::npos &&
                            line.find("PRIVATE KEY-----") != std::string_view::npos;
        if (begins && !in_key) out += "[private key removed]\n";
        in_key = in_key || begins;
        if (!in_key) out += masked_line(std::string(line));
        if (!in_key && end != std::string_view::npos) out += '\n';
        if (in_key && line.find("-----END") != std::string_view::npos) in_key = false;
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return out;
}

}  // namespace ndes::crp::cli
