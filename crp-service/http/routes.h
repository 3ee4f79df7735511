// Routes: path → (method, roles, handler); the API as one table in routes.cpp, and after it what
// the adapters add. Knows no caller's name and no store. Constant data; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crp-service/http/call.h"

namespace ndes::crp {

// Who sends the request, by what an adapter's protocol shows of it: the name of a [[caller]], which
// it does not check further.
using ProveCaller = tl::expected<std::string, Problem> (*)(const http::Request& request,
                                                           const LiveParts& parts, WallTime now);

inline constexpr std::string_view kJsonType = "application/json";

struct Route {
    std::string_view method;   // GET serves HEAD, too
    std::string_view pattern;  // "/api/v1/users/{id}"; {…} stands for one segment, never empty
    RoleSet roles;             // any of them
    CallHandler handle;
    bool writes = method != "GET";         // a success means that something was recorded
    std::string_view takes = kJsonType;    // content type of the body
    std::string_view answers = kJsonType;  // content type of a success
    ProveCaller prove = nullptr;           // null: the client certificate alone tells who calls
    std::string_view adapter = {};         // set in the table: whose path it is
};
std::span<const Route> all_routes();

// What a request's path and method lead to.
struct RouteMatch {
    const Route* route = nullptr;  // null: no such path, or no such method on it
    std::string parameter;         // what stood for {…}
    std::string allow;             // methods of the path; empty: no such path
    std::string_view adapter;      // whose path it is; empty: the API's own
};

// `segments`: the path's, each decoded by itself, so that a "/" inside an identifier stays in it.
RouteMatch find_route(std::string_view method, const std::vector<std::string>& segments);

}  // namespace ndes::crp
