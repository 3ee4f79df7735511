// /api/v1/audit: the audit, oldest first; ?after= for what is new; an mdm caller sees the records
// of its own calls. Its signed checkpoints. And what somebody who verified it found, which becomes
// part of it.
#include <charconv>

#include "common/bytes.h"
#include "crp-service/http/event_json.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

namespace {

constexpr std::int64_t kMostRecords = INT64_C(1) << 53;  // exact in every JSON reader
constexpr std::size_t kMaxFaultOctets = 512;

}  // namespace

Answer list_audit(const Call& call) {
    auto query = call.list_query();
    if (!query) return tl::unexpected(std::move(query.error()));
    auto found = call.store.list_audit(query->page);
    if (!found) return refuse(found);
    return page_response(call, *found, [](const AuditRecord& one) { return to_json(one); });
}

namespace {

// "SEQUENCE NODE": the last checkpoint of a page, as the store asks for it.
std::string cursor_of(const AuditCheckpoint& checkpoint) {
    return to_base64url(as_bytes(std::to_string(checkpoint.sequence) + " " + checkpoint.node));
}

bool read_cursor(const std::string& cursor, std::string& node, std::int64_t& sequence) {
    if (cursor.empty()) return true;
    const auto octets = from_base64url(cursor);
    if (!octets) return false;
    const std::string_view text = as_text(*octets);
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, sequence);
    if (error != std::errc() || stop == end || *stop != ' ') return false;
    node.assign(stop + 1, end);
    return true;
}

}  // namespace

Answer list_audit_checkpoints(const Call& call) {
    auto query = call.list_query();
    if (!query) return tl::unexpected(std::move(query.error()));
    const PageRequest& asked = query->page;
    std::string node;
    std::int64_t sequence = 0;
    if (!read_cursor(asked.after, node, sequence)) {
        return refuse(ProblemCode::query_malformed, "after: not a cursor of this collection");
    }
    auto found = call.store.list_checkpoints(node, sequence);
    if (!found) return refuse(found);
    Page<AuditCheckpoint> page;
    const bool more = found->size() > asked.limit;
    if (more) found->resize(asked.limit);
    page.items = std::move(*found);
    if (more) page.next = cursor_of(page.items.back());
    return page_response(call, page, [](const AuditCheckpoint& one) { return to_json(one); });
}

Answer record_audit_verification(const Call& call) {
    auto body = call.json();
    if (!body) return refuse(body);
    JsonReader reader(*body);
    const std::int64_t records = reader.integer("records", 0, kMostRecords);
    const std::string fault = reader.optional_text("fault", kMaxFaultOctets).value_or("");
    if (auto sound = reader.finish(); !sound) return refuse(sound);
    AuditRecord audit = call.audit("verify-audit");
    if (!fault.empty()) audit.outcome = "error";
    audit.facts.emplace_back("records", std::to_string(records));
    if (!fault.empty()) audit.facts.emplace_back("fault", fault);
    if (auto recorded = call.store.append_audit(std::move(audit)); !recorded) {
        return refuse(recorded);
    }
    return empty_response();
}

}  // namespace ndes::crp
