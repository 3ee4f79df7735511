#include "crp-service/http/api.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "common/crypto/asn1_text.h"
#include "common/http_server/url.h"
#include "crp-service/http/endpoint_names.h"
#include "crp-service/http/peer_identity.h"
#include "crp-service/http/routes.h"

namespace ndes::crp {

namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

bool is_same_word(std::string_view given, std::string_view lower_case) {
    return std::equal(
        given.begin(), given.end(), lower_case.begin(), lower_case.end(),
        [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
}

// Absent is taken as right, in UTF-8 (RFC 8259 section 8.1); other parameters do not matter.
bool is_of_type(std::string_view content_type, std::string_view wanted) {
    const std::size_t end = std::min(content_type.find(';'), content_type.size());
    if (content_type.empty()) return true;
    if (!is_same_word(trimmed(content_type.substr(0, end)), wanted)) return false;
    std::string_view rest = content_type.substr(end);
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::size_t next = std::min(rest.find(';'), rest.size());
        const std::string_view parameter = trimmed(rest.substr(0, next));
        const std::size_t equals = std::min(parameter.find('='), parameter.size());
        const std::string_view value = parameter.substr(std::min(equals + 1, parameter.size()));
        if (is_same_word(parameter.substr(0, equals), "charset") && !is_same_word(value, "utf-8") &&
            !is_same_word(value, "\"utf-8\"")) {
            return false;
        }
        rest.remove_prefix(next);
    }
    return true;
}

// The body as it came is what is read.
bool is_plain(std::string_view content_encoding) {
    return content_encoding.empty() || is_same_word(trimmed(content_encoding), "identity");
}

// RFC 9110 section 12.5.1. A range of any JSON will do, beside `type_of_answer`: problems have a
// type of their own, and a description may be asked for as YAML.
bool accepts_answer(std::string_view accept, std::string_view type_of_answer) {
    if (accept.empty()) return true;
    while (!accept.empty()) {
        const std::string_view range = accept.substr(0, accept.find(','));
        accept.remove_prefix(std::min(range.size() + 1, accept.size()));
        const std::string_view type = trimmed(range.substr(0, range.find(';')));
        const std::string_view parameters = range.substr(std::min(type.size(), range.size()));
        const bool excluded =
            parameters.find("q=0") != std::string_view::npos &&
            parameters.find_first_of("123456789", parameters.find("q=0")) == std::string_view::npos;
        for (const std::string_view good :
             {std::string_view("*/*"), std::string_view("application/*"), kJsonType,
              std::string_view("application/problem+json"), std::string_view("application/yaml"),
              type_of_answer}) {
            if (type == good && !excluded) return true;
        }
    }
    return false;
}

// What a caller may name its request by; anything else is not echoed.
bool is_request_id(std::string_view text) {
    constexpr std::size_t kMostOctets = 128;
    return !text.empty() && text.size() <= kMostOctets &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
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

// What the path leads to; for adapters that are not switched on, to nothing.
tl::expected<RouteMatch, Problem> look_up(const http::Request& request, const LiveParts& parts) {
    auto segments = http::decode_segments(request.target);
    if (!segments) return refuse(ProblemCode::path_unknown, segments.error().text);
    // Nothing on record has another name, and PostgreSQL does not even take the question.
    if (!std::all_of(segments->begin(), segments->end(), is_utf8)) {
        return refuse(ProblemCode::path_unknown, "the path is not UTF-8");
    }
    if (segments->size() > 1 && segments->back().empty()) segments->pop_back();  // one last "/"
    RouteMatch match = find_route(request.method, *segments);
    const bool is_off = !match.adapter.empty() && !parts.adapters.contains(match.adapter);
    if (match.allow.empty() || is_off) return refuse(ProblemCode::path_unknown, "no such path");
    return match;
}

}  // namespace

Answer Api::answer(const http::Request& request, const http::Peer& peer, const LiveParts& parts,
                   const CallerRule& caller, RouteMatch match) {
    if (!match.route) return refuse_method(std::move(match.allow));
    const Route& route = *match.route;
    if (!caller.roles.meets(route.roles)) {
        return refuse(ProblemCode::role_not_permitted,
                      "caller \"" + caller.name + "\" has not the role " + roles_text(route.roles));
    }
    if (route.writes && is_clock_set_back()) {
        return refuse(ProblemCode::clock_set_back, "the clock is behind " +
                                                       to_rfc3339(clock_floor_->newest()) +
                                                       ", which was recorded or seen before");
    }
    if (has_body(request.method) && !is_of_type(request.header("content-type"), route.takes)) {
        return refuse(ProblemCode::content_type_unsupported,
                      "Content-Type: must be " + std::string(route.takes) + ", in UTF-8");
    }
    if (!is_plain(request.header("content-encoding"))) {
        return refuse(ProblemCode::content_type_unsupported,
                      "Content-Encoding: no encoding is supported, send the body as it is");
    }
    if (!accepts_answer(request.header("accept"), route.answers)) {
        return refuse(ProblemCode::not_acceptable,
                      "Accept: must permit " + std::string(route.answers));
    }
    return route.handle(
        {request, peer, caller, parts, store_, clock_, random_, std::move(match.parameter)});
}

http::Response Api::handle(const http::Request& request, const http::Peer& peer) {
    const SteadyTime start = clock_.steady_now();
    const Route* route = nullptr;
    http::Response response = respond(request, peer, route);
    if (const std::string_view id = request.header("x-request-id"); is_request_id(id)) {
        response.headers.emplace_back("X-Request-Id", id);
    }
    if (metrics_ != nullptr) {
        metrics_->count_request(endpoint_of(route), response.status, clock_.steady_now() - start);
    }
    return response;
}

http::Response Api::respond(const http::Request& request, const http::Peer& peer,
                            const Route*& route) {
    const auto parts = parts_.get();
    auto match = look_up(request, *parts);
    const bool by_adapter = match && match->route && match->route->prove;
    const auto caller = by_adapter ? identify(request, peer, *match->route, *parts, clock_.now())
                                   : identify(peer, *parts, clock_.now());
    if (caller && match) route = match->route;
    Answer result = !caller  ? Answer(tl::unexpected(caller.error()))
                    : !match ? Answer(tl::unexpected(match.error()))
                             : answer(request, peer, *parts, **caller, std::move(*match));
    if (result) {
        if (route->writes) commits_.succeeded();
        log_.note(Severity::debug, "Call answered",
                  {{"event", "call"},
                   {"method", request.method},
                   {"path", request.path},
                   {"status", std::to_string(result->status)},
                   {"caller", (*caller)->name}});
        return std::move(*result);
    }
    if (route != nullptr && route->writes && result.error().code == ProblemCode::storage_failed) {
        commits_.failed(clock_.steady_now());
    }
    return reject(result.error(), request, peer,
                  caller ? std::string_view((*caller)->name) : std::string_view());
}

bool Api::is_clock_set_back() const {
    return clock_floor_ != nullptr && clock_floor_->behind() > ClockFloor::kTolerance;
}

http::Response Api::reject(const Problem& problem, const http::Request& request,
                           const http::Peer& peer, std::string_view caller) {
    const std::string instance = "urn:uuid:" + make_uuid(clock_, random_);
    // A browser's look at the base path is neither an attack nor a fault.
    if (problem.code != ProblemCode::service_online) {
        if (metrics_ != nullptr) metrics_->count_rejection(kind_of(problem.code).reason);
        // Records of a wrong time would in the end be all that a restart looks at (kRecentRecords).
        rejections_.record(problem, request, peer, caller, instance, !is_clock_set_back());
    }
    return to_response(problem, instance);
}

http::Response Api::refuse_unread(const http::Response& plain, const http::Request& request,
                                  const http::Peer& peer) {
    Problem problem = transport_problem(plain.status);
    for (const auto& [name, value] : plain.headers) {
        if (name == "Allow") problem.allow = value;
    }
    const auto parts = parts_.get();
    const auto caller = identify(peer, *parts, clock_.now());
    return reject(problem, request, peer,
                  caller ? std::string_view((*caller)->name) : std::string_view());
}

}  // namespace ndes::crp
