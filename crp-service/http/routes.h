// Routes: path → (method, roles, handler); the whole API as one table in routes.cpp.
// Knows no caller's name and no store. Constant data; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crp-service/http/call.h"

namespace ndes::crp {

struct Route {
    std::string_view method;   // GET serves HEAD, too
    std::string_view pattern;  // "/api/v1/users/{id}"; {…} stands for one segment, never empty
    RoleSet roles;             // any of them
    CallHandler handle;
    bool writes = method != "GET";  // a success means that something was recorded
};
std::span<const Route> all_routes();

// What a request's path and method lead to.
struct RouteMatch {
    const Route* route = nullptr;  // null: no such path, or no such method on it
    std::string parameter;         // what stood for {…}
    std::string allow;             // methods of the path; empty: no such path
};

// `segments`: the path's, each decoded by itself, so that a "/" inside an identifier stays in it.
RouteMatch find_route(std::string_view method, const std::vector<std::string>& segments);

}  // namespace ndes::crp
