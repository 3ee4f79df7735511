#include "crp-service/http/api.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "common/http_server/url.h"
#include "crp-service/http/endpoint_names.h"
#include "crp-service/http/peer_identity.h"
#include "crp-service/http/routes.h"

namespace ndes::crp {

namespace {

// Absent is taken as JSON; parameters ("; charset=utf-8") do not matter.
bool is_json(std::string_view content_type) {
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (!type.empty() && type.back() == ' ')
        type.remove_suffix(1);
    constexpr std::string_view kJson = "application/json";
    return content_type.empty() ||
           std::equal(type.begin(), type.end(), kJson.begin(), kJson.end(), [](char a, char b) {
               return std::tolower(static_cast<unsigned char>(a)) == b;
           });
}

bool has_body(std::string_view method) { return method == "POST" || method == "PUT"; }

std::string roles_text(RoleSet roles) {
    std::string text;
    for (Role role : {Role::ndes, Role::mdm, Role::admin, Role::monitor}) {
        if (!roles.has(role)) continue;
        if (!text.empty()) text += " or ";
        text += to_string(role);
    }
    return text;
}

tl::unexpected<Problem> refuse_method(std::string allow) {
    Problem problem(ProblemCode::method_not_allowed, "the path has " + allow);
    problem.allow = std::move(allow);
    return tl::unexpected<Problem>(std::move(problem));
}

}  // namespace

Answer Api::answer(const http::Request& request, const http::Peer& peer, const LiveParts& parts,
                   const CallerRule& caller, const Route*& route) {
    auto segments = http::decode_segments(request.target);
    if (!segments) return refuse(ProblemCode::path_unknown, segments.error().text);
    if (segments->size() > 1 && segments->back().empty()) segments->pop_back();  // one last "/"
    RouteMatch match = find_route(request.method, *segments);
    if (match.allow.empty()) return refuse(ProblemCode::path_unknown, "no such path");
    route = match.route;
    if (!match.route) return refuse_method(std::move(match.allow));
    if (!caller.roles.meets(match.route->roles)) {
        return refuse(
            ProblemCode::role_not_permitted,
            "caller \"" + caller.name + "\" has not the role " + roles_text(match.route->roles));
    }
    if (has_body(request.method) && !is_json(request.header("content-type"))) {
        return refuse(ProblemCode::content_type_unsupported,
                      "Content-Type: must be application/json");
    }
    return match.route->handle(
        {request, peer, caller, parts, store_, clock_, std::move(match.parameter)});
}

http::Response Api::handle(const http::Request& request, const http::Peer& peer) {
    const SteadyTime start = clock_.steady_now();
    const Route* route = nullptr;
    http::Response response = answer(request, peer, route);
    if (metrics_ != nullptr) {
        metrics_->count_request(endpoint_of(route), response.status, clock_.steady_now() - start);
    }
    return response;
}

http::Response Api::answer(const http::Request& request, const http::Peer& peer,
                           const Route*& route) {
    const auto parts = parts_.get();
    const auto caller = identify(peer, parts->callers);
    Answer result = caller ? answer(request, peer, *parts, **caller, route)
                           : Answer(tl::unexpected(caller.error()));
    if (result) {
        log_.note(Severity::debug, "Call answered",
                  {{"event", "call"},
                   {"method", request.method},
                   {"path", request.path},
                   {"status", std::to_string(result->status)},
                   {"caller", (*caller)->name}});
        return std::move(*result);
    }
    const std::string instance = "urn:uuid:" + make_uuid(clock_, random_);
    // A browser's look at the base path is neither an attack nor a fault.
    if (result.error().code != ProblemCode::service_online) {
        if (metrics_ != nullptr) metrics_->count_rejection(kind_of(result.error().code).reason);
        rejections_.record(result.error(), request, peer,
                           caller ? std::string_view((*caller)->name) : std::string_view(),
                           instance);
    }
    return to_response(result.error(), instance);
}

}  // namespace ndes::crp
