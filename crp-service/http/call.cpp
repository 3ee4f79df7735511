#include "crp-service/http/call.h"

#include <algorithm>
#include <charconv>

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

}  // namespace

bool is_record_id(std::string_view text) {
    constexpr std::string_view kOthers = "._-@:{}";
    return !text.empty() && text.size() <= kMaxIdOctets &&
           std::all_of(text.begin(), text.end(), [&](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      kOthers.find(c) != std::string_view::npos;
           });
}

tl::expected<std::string, Problem> Call::record_id() const {
    if (!is_record_id(parameter)) {
        return refuse(ProblemCode::id_malformed,
                      "the identifier must be 1 to 64 characters of A-Z a-z 0-9 . _ - @ : { }");
    }
    return parameter;
}

tl::expected<PageRequest, Problem> Call::page() const {
    PageRequest page;
    page.owner = owner_filter();
    auto query = http::parse_query(request.query);
    if (!query) return refuse(ProblemCode::query_malformed, query.error().text);
    bool has_limit = false;
    bool has_cursor = false;
    for (auto& [name, value] : *query) {
        const bool is_cursor = name == "after" || name == "cursor";
        if (!is_cursor && name != "limit") {
            return refuse(ProblemCode::query_malformed, "the query has an unknown parameter");
        }
        if (std::exchange(is_cursor ? has_cursor : has_limit, true)) {
            return refuse(ProblemCode::query_malformed, name + ": must stand once");
        }
        if (is_cursor) {
            if (value.size() > kMaxCursorOctets) {
                return refuse(ProblemCode::query_malformed, name + ": is over-long");
            }
            page.after = std::move(value);
        } else {
            auto limit = read_limit(value);
            if (!limit) return tl::unexpected(std::move(limit.error()));
            page.limit = *limit;
        }
    }
    return page;
}

Caller Call::identity() const {
    Caller known{caller.name, peer.address, peer.port, pin_of(peer), {}};
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
