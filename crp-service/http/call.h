// Call: one API request as a handler sees it, after caller, route, role and content type are known.
// Value of one request's length; handlers keep nothing of it.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/http_server/http_message.h"
#include "common/random.h"
#include "common/strict_json.h"
#include "crp-service/domain/record_id.h"
#include "crp-service/http/caller.h"
#include "crp-service/http/live_parts.h"
#include "crp-service/http/problem.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

// What the query string of a collection asks for.
struct ListQuery {
    PageRequest page;
    std::map<std::string, std::string, std::less<>> filters;  // those given, none empty

    // The filter's text, "" without.
    std::string text(std::string_view name) const;
    // The filter's word as an enum with from_string, or as RFC 3339; query_malformed naming it.
    template <class Enum>
    tl::expected<std::optional<Enum>, Problem> word(std::string_view name) const {
        const std::string text_given = text(name);
        if (text_given.empty()) return std::optional<Enum>();
        Enum value{};
        if (from_string(text_given, value)) return std::optional<Enum>(value);
        return refuse_word(name);
    }
    tl::expected<std::optional<WallTime>, Problem> time(std::string_view name) const;

  private:
    static tl::unexpected<Problem> refuse_word(std::string_view name);
};

struct Call {
    const http::Request& request;
    const http::Peer& peer;
    const CallerRule& caller;
    const LiveParts& parts;
    Store& store;
    const Clock& clock;
    Random& random;
    std::string parameter;  // what stood for {…} in the path, decoded; "" without

    // Empty for callers that see everything (admin), else the caller's own name.
    std::string owner_filter() const {
        return caller.roles.has(Role::admin) ? std::string() : caller.name;
    }
    bool may_see(std::string_view owner) const {
        return caller.roles.has(Role::admin) || owner == caller.name;
    }
    // Of the MDM's records: those without owner are everybody's to read.
    bool may_read(std::string_view owner) const { return owner.empty() || may_see(owner); }
    // The caller as the services know it.
    Caller identity() const;
    // The path's identifier, if it is one (see kMaxIdOctets).
    tl::expected<std::string, Problem> record_id() const;
    // ?limit=, ?cursor= (or ?after=) and the filters that the collection has, each once.
    tl::expected<ListQuery, Problem> list_query(
        std::initializer_list<std::string_view> filters = {}) const;
    Result<Json> json() const { return parse_json(request.body, request.body.size()); }
    // Prefilled with time, event, "permit", caller and address.
    AuditRecord audit(std::string event) const;
};

using CallHandler = Answer (*)(const Call&);

http::Response json_response(int status, const Json& body);
http::Response text_response(int status, std::string json);
http::Response empty_response();  // 204

// The call's own target with another cursor, for Link: rel="next".
std::string next_target(const Call& call, const std::string& cursor);

// {"items":[…],"next":"…"|null}, and where the next page is as a Link (RFC 8288).
template <class T, class ToJson>
http::Response page_response(const Call& call, const Page<T>& page, ToJson to_json) {
    Json items = Json::array();
    for (const T& item : page.items)
        items.push_back(to_json(item));
    http::Response response = json_response(
        200, {{"items", std::move(items)}, {"next", page.next ? Json(*page.next) : Json(nullptr)}});
    if (page.next) {
        response.headers.emplace_back("Link",
                                      "<" + next_target(call, *page.next) + ">; rel=\"next\"");
    }
    return response;
}

}  // namespace ndes::crp
