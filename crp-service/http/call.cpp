#include "crp-service/http/call.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "common/crypto/asn1_text.h"
#include "common/http_server/url.h"
#include "crp-service/http/peer_identity.h"

namespace ndes::crp {

namespace {

constexpr std::size_t kMaxCursorOctets = 512;
constexpr std::size_t kMostItemsPerPage = 1000;

tl::expected<std::size_t, Problem> read_limit(const std::string& text) {
    std::size_t limit = 0;
    const char* end = text.data() + text.size();
    const auto [last, fault] = std::from_chars(text.data(), end, limit);
    if (fault != std::errc() || last != end || limit < 1 || limit > kMostItemsPerPage) {
        return refuse(ProblemCode::query_malformed, "limit: must be 1 to 1000");
    }
    return limit;
}

std::string known_parameters(std::initializer_list<std::string_view> filters) {
    std::string text = "; it may have limit, cursor";
    for (const std::string_view filter : filters)
        text.append(", ").append(filter);
    return text;
}

}  // namespace

tl::expected<std::string, Problem> Call::record_id() const {
    if (!is_record_id(parameter)) {
        return refuse(ProblemCode::id_malformed,
                      "the identifier must be 1 to 64 characters of A-Z a-z 0-9 . _ - @ : { }");
    }
    return parameter;
}

std::string ListQuery::text(std::string_view name) const {
    const auto found = filters.find(name);
    return found == filters.end() ? std::string() : found->second;
}

tl::unexpected<Problem> ListQuery::refuse_word(std::string_view name) {
    return refuse(ProblemCode::query_malformed, std::string(name) + ": is no word of it");
}

tl::expected<std::optional<WallTime>, Problem> ListQuery::time(std::string_view name) const {
    const std::string given = text(name);
    if (given.empty()) return std::optional<WallTime>();
    auto read = from_rfc3339(given);
    if (read) return std::optional<WallTime>(*read);
    return refuse(ProblemCode::query_malformed,
                  std::string(name) + ": must be a UTC time as in 2027-01-31T00:00:00Z");
}

tl::expected<ListQuery, Problem> Call::list_query(
    std::initializer_list<std::string_view> filters) const {
    ListQuery result;
    result.page.owner = owner_filter();
    auto query = http::parse_query(request.query);
    if (!query) return refuse(ProblemCode::query_malformed, query.error().text);
    std::set<std::string> seen;
    for (auto& [name, value] : *query) {
        const bool is_cursor = name == "after" || name == "cursor";
        const bool is_filter = std::find(filters.begin(), filters.end(), name) != filters.end();
        if (!is_cursor && !is_filter && name != "limit") {
            return refuse(ProblemCode::query_malformed,
                          "the query has an unknown parameter" + known_parameters(filters));
        }
        if (!seen.insert(is_cursor ? "cursor" : name).second) {
            return refuse(ProblemCode::query_malformed, name + ": must stand once");
        }
        if (value.size() > kMaxCursorOctets) {
            return refuse(ProblemCode::query_malformed, name + ": is over-long");
        }
        if (!is_utf8(value)) return refuse(ProblemCode::query_malformed, name + ": is not UTF-8");
        if (is_cursor) {
            result.page.after = std::move(value);
        } else if (is_filter) {
            if (value.empty()) return refuse(ProblemCode::query_malformed, name + ": is empty");
            result.filters[name] = std::move(value);
        } else {
            auto limit = read_limit(value);
            if (!limit) return tl::unexpected(std::move(limit.error()));
            result.page.limit = *limit;
        }
    }
    return result;
}

std::string next_target(const Call& call, const std::string& cursor) {
    const std::string& target = call.request.target;
    std::string next =
        target.substr(0, target.find('?')) + "?cursor=" + http::percent_encode(cursor);
    const auto query = http::parse_query(call.request.query);
    if (!query) return next;
    for (const auto& [name, value] : *query) {
        if (name == "after" || name == "cursor") continue;
        next += "&" + http::percent_encode(name) + "=" + http::percent_encode(value);
    }
    return next;
}

Caller Call::identity() const {
    Caller known{caller.name, peer.address, peer.port, peer.tls, pin_of(peer), {}};
    if (peer.certificate) known.certificate_serial = peer.certificate->serial();
    return known;
}

AuditRecord Call::audit(std::string event) const {
    AuditRecord record;
    record.time = clock.now();
    record.event = std::move(event);
    record.outcome = "permit";
    record.caller = caller.name;
    record.peer_address = peer.address;
    return record;
}

http::Response json_response(int status, const Json& body) {
    return text_response(status, body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

http::Response text_response(int status, std::string json) {
    http::Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = std::move(json);
    return response;
}

http::Response empty_response() {
    http::Response response;
    response.status = 204;
    return response;
}

}  // namespace ndes::crp
