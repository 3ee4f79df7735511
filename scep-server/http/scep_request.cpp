#include "scep-server/http/scep_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/http_server/url.h"

namespace ndes::scep {
namespace {

constexpr std::array<std::pair<std::string_view, ScepOperation>, 5> kOperations{{
    {"GetCACaps", ScepOperation::get_ca_caps},
    {"GetCACert", ScepOperation::get_ca_cert},
    {"GetCACertChain", ScepOperation::get_ca_cert_chain},
    {"GetNextCACert", ScepOperation::get_next_ca_cert},
    {"PKIOperation", ScepOperation::pki_operation},
}};

ScepOperation operation_of(std::string_view text) {
    for (const auto& [word, operation] : kOperations)
        if (word == text) return operation;
    return ScepOperation::unknown;
}

char ascii_lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

}  // namespace

bool is_scep_path(std::string_view base, std::string_view path) {
    while (base.ends_with('/'))
        base.remove_suffix(1);
    if (!same_ignoring_case(base, path.substr(0, base.size()))) return false;
    return path.size() == base.size() || path[base.size()] == '/';
}

Result<ScepQuery> read_scep_query(std::string_view query) {
    auto parameters = http::parse_query(query);
    if (!parameters) return pass_on(parameters, "query");
    ScepQuery read;
    bool has_operation = false;
    for (auto& [name, value] : *parameters) {
        if (name != "operation" && name != "message") continue;
        bool& seen = name == "operation" ? has_operation : read.has_message;
        if (std::exchange(seen, true))
            return fail(ErrorCode::bad_request, "query: " + name + " is given twice");
        (name == "operation" ? read.operation_text : read.message) = std::move(value);
    }
    if (has_operation) read.operation = operation_of(read.operation_text);
    return read;
}

Result<Bytes> decode_get_message(std::string_view text, std::size_t limit) {
    if (text.size() / 2 > limit)
        return fail(ErrorCode::too_large, "message: over " + std::to_string(limit) + " octets");
    std::string base64;
    base64.reserve(text.size() + 2);
    for (const char letter : text) {
        switch (letter) {
            case '\r':
            case '\n':
            case '\t': break;
            case ' ':
            case '-': base64 += '+'; break;
            case '_': base64 += '/'; break;
            default: base64 += letter;
        }
    }
    while (base64.ends_with('='))
        base64.pop_back();
    base64.append((4 - base64.size() % 4) % 4, '=');
    auto message = from_base64(base64);
    if (!message) return fail(ErrorCode::bad_request, "message: is not base64");
    if (message->size() > limit)
        return fail(ErrorCode::too_large, "message: over " + std::to_string(limit) + " octets");
    return message;
}

}  // namespace ndes::scep
