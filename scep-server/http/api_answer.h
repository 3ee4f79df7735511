// What the REST calls of the admin listener have in common: who may call, answers and problems in
// JSON, pages of a list. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/http_server/http_message.h"
#include "scep-server/http/admin_login.h"

namespace ndes::scep {

inline constexpr std::int64_t kMostItems = 1000;  // of one page

http::Response json_problem(int status, const char* reason, std::string detail,
                            const char* hint = "");
// `conflict`: the reason of a 409.
http::Response problem_of(const Error& error, const char* conflict);
http::Response json_answer(const nlohmann::ordered_json& body);

// What an operator lacks to decide anything: a client certificate whose caller entry says
// `approve`.
std::optional<http::Response> problem_of_operator(const Login& login);

std::optional<std::int64_t> read_number(std::string_view text);  // >= 0

// True for `base` and what lies below it.
bool is_below(std::string_view base, std::string_view path);

struct PageQuery {
    std::int64_t after = 0;
    std::int64_t limit = 100;
};
// after=ID&limit=1..kMostItems; bad_request for anything else.
Result<PageQuery> read_page_query(std::string_view query);

}  // namespace ndes::scep
