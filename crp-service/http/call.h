// Call: one API request as a handler sees it, after caller, route, role and content type are known.
// Value of one request's length; handlers keep nothing of it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/http_server/http_message.h"
#include "common/strict_json.h"
#include "crp-service/http/caller.h"
#include "crp-service/http/live_parts.h"
#include "crp-service/http/problem.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

struct Call {
    const http::Request& request;
    const http::Peer& peer;
    const CallerRule& caller;
    const LiveParts& parts;
    Store& store;
    const Clock& clock;
    std::string parameter;  // what stood for {…} in the path, decoded; "" without

    // Empty for callers that see everything (admin), else the caller's own name.
    std::string owner_filter() const {
        return caller.roles.has(Role::admin) ? std::string() : caller.name;
    }
    bool may_see(std::string_view owner) const {
        return caller.roles.has(Role::admin) || owner == caller.name;
    }
    // The caller as the services know it.
    Caller identity() const;
    // The path's identifier, if it is one (see kMaxIdOctets).
    tl::expected<std::string, Problem> record_id() const;
    // ?limit= and ?after= (or ?cursor=).
    tl::expected<PageRequest, Problem> page() const;
    Result<Json> json() const { return parse_json(request.body, request.body.size()); }
    // Prefilled with time, event, "permit", caller and address.
    AuditRecord audit(std::string event) const;
};

using CallHandler = Answer (*)(const Call&);

// True for 1..kMaxIdOctets characters of the set stated there.
bool is_record_id(std::string_view text);

http::Response json_response(int status, const Json& body);
http::Response text_response(int status, std::string json);
http::Response empty_response();  // 204

// {"items":[…],"next":"…"|null}
template <class T, class ToJson>
http::Response page_response(const Page<T>& page, ToJson to_json) {
    Json items = Json::array();
    for (const T& item : page.items)
        items.push_back(to_json(item));
    return json_response(
        200, {{"items", std::move(items)}, {"next", page.next ? Json(*page.next) : Json(nullptr)}});
}

}  // namespace ndes::crp
