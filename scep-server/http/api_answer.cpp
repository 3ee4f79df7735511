#include "scep-server/http/api_answer.h"

#include <charconv>
#include <utility>

#include "common/http_server/url.h"

namespace ndes::scep {

using nlohmann::ordered_json;

http::Response json_problem(int status, const char* reason, std::string detail, const char* hint) {
    const ordered_json body{
        {"type", "about:blank"},       {"title", reason}, {"status", status}, {"reason", reason},
        {"detail", std::move(detail)}, {"hint", hint}};
    return {status, "application/problem+json", body.dump() + "\n", {}};
}

http::Response problem_of(const Error& error, const char* conflict) {
    switch (error.code) {
        case ErrorCode::not_found: return json_problem(404, "NotFound", error.text);
        case ErrorCode::conflict: return json_problem(409, conflict, error.text);
        case ErrorCode::bad_request:
        case ErrorCode::too_large: return json_problem(400, "BadRequest", error.text);
        case ErrorCode::unavailable:
        case ErrorCode::timeout: return json_problem(503, "CaUnavailable", error.text, "try again");
        default: return json_problem(500, "Failed", "the journal or the CA failed; see the log");
    }
}

http::Response json_answer(const ordered_json& body) {
    return {200, "application/json", body.dump() + "\n", {}};
}

std::optional<http::Response> problem_of_operator(const Login& login) {
    if (!login.by_certificate)
        return json_problem(403, "ClientCertificateMissing",
                            "operators' calls need a client certificate", "give --cert and --key");
    if (!login.caller->approve)
        return json_problem(403, "NotPermitted",
                            "caller \"" + login.caller->name + "\" has no approve = true",
                            "see [[admin.caller]] in ndesd's configuration");
    return std::nullopt;
}

std::optional<std::int64_t> read_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (fault != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

bool is_below(std::string_view base, std::string_view path) {
    return path == base ||
           (path.starts_with(base) && path.size() > base.size() && path[base.size()] == '/');
}

Result<PageQuery> read_page_query(std::string_view query) {
    auto parameters = http::parse_query(query);
    if (!parameters) return pass_on(parameters);
    PageQuery page;
    for (const auto& [name, value] : *parameters) {
        const auto number = read_number(value);
        if (name == "after" && number)
            page.after = *number;
        else if (name == "limit" && number && *number >= 1 && *number <= kMostItems)
            page.limit = *number;
        else
            return fail(ErrorCode::bad_request, "query: after=ID and limit=1..1000 are known");
    }
    return page;
}

}  // namespace ndes::scep
