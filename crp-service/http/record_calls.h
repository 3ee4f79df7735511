// PUT, GET, DELETE and list of the MDM's records: the same four calls for users, devices, policies
// and templates, with owners and conditional requests.
// An mdm caller reads its own records and those without owner (an admin's), and changes its own;
// admins read and change all.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "crp-service/http/call.h"
#include "crp-service/http/conditional.h"

namespace ndes::crp {

// What makes one kind of record different from the others.
template <class Record>
struct RecordKind {
    std::string noun;  // "user": in texts, audit events and facts
    Result<Record> (*from_json)(const Json& body, const std::string& id);
    Json (*to_json)(const Record& record);
    Result<std::optional<Record>> (Store::*find)(std::string_view id);
    Result<bool> (Store::*put)(const Record& record, AuditRecord audit,
                               const Precondition& premise);
    Result<void> (Store::*remove)(std::string_view id, AuditRecord audit,
                                  const Precondition& premise);
    Result<Page<Record>> (Store::*list)(const PageRequest& page);
    // What its JSON alone does not show.
    tl::expected<void, Problem> (*check)(const Call& call, const Record& record) = nullptr;

    AuditRecord audit(const Call& call, const std::string& verb, const std::string& id) const {
        AuditRecord record = call.audit(verb + "-" + noun);
        record.facts = {{noun + "_id", id}};
        return record;
    }
    tl::unexpected<Problem> refuse_unknown(const std::string& id) const {
        return refuse(ProblemCode::record_unknown, "there is no " + noun + " \"" + id + "\"");
    }
    tl::unexpected<Problem> refuse_change(const std::string& id) const {
        return refuse(ProblemCode::record_of_another,
                      noun + " \"" + id + "\" belongs to another caller");
    }
};

// An unconditional write is tried again when another call has changed the record in between.
inline constexpr int kMostWriteAttempts = 8;

// True when `fault` only means that another call came in between, and it makes sense to look again.
inline bool is_overtaken(const Call& call, const Error& fault, int attempt) {
    return fault.code == ErrorCode::precondition && !is_conditional(call.request) &&
           attempt < kMostWriteAttempts;
}

template <class Record>
std::optional<std::string> revision_of(const std::optional<Record>& record) {
    return record ? std::optional<std::string>(record->revision) : std::nullopt;
}

template <class Record>
Answer get_record(const Call& call, const RecordKind<Record>& kind) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    auto found = (call.store.*kind.find)(*id);
    if (!found) return refuse(found);
    if (!*found || !call.may_read((*found)->owner)) return kind.refuse_unknown(*id);
    const auto is_known = is_not_modified(call.request, (*found)->revision);
    if (!is_known) return tl::unexpected(is_known.error());
    http::Response response = json_response(200, kind.to_json(**found));
    if (*is_known) response = http::Response{304, {}, {}, {}};
    response.headers.emplace_back("ETag", etag_of((*found)->revision));
    return response;
}

// The tag is told only if what was written still stands.
template <class Record>
void tell_revision(const Call& call, const RecordKind<Record>& kind, const std::string& id,
                   const Record& written, http::Response& response) {
    auto standing = (call.store.*kind.find)(id);
    if (standing && *standing && kind.to_json(**standing) == kind.to_json(written)) {
        response.headers.emplace_back("ETag", etag_of((*standing)->revision));
    }
}

template <class Record>
Answer put_record(const Call& call, const RecordKind<Record>& kind) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    auto body = call.json();
    if (!body) return refuse(body);
    auto record = kind.from_json(*body, *id);
    if (!record) return refuse(record);
    if (kind.check) {
        auto sound = kind.check(call, *record);
        if (!sound) return tl::unexpected(std::move(sound.error()));
    }
    record->owner = call.owner_filter();
    for (int attempt = 1;; ++attempt) {
        auto standing = (call.store.*kind.find)(*id);
        if (!standing) return refuse(standing);
        if (*standing && !call.may_see((*standing)->owner)) return kind.refuse_change(*id);
        auto premise = premise_of(call.request, revision_of(*standing));
        if (!premise) return tl::unexpected(std::move(premise.error()));
        auto is_new = (call.store.*kind.put)(*record, kind.audit(call, "put", *id), *premise);
        if (!is_new && is_overtaken(call, is_new.error(), attempt)) continue;
        if (!is_new) return refuse(is_new);
        http::Response response = json_response(*is_new ? 201 : 200, kind.to_json(*record));
        tell_revision(call, kind, *id, *record, response);
        return response;
    }
}

template <class Record>
Answer delete_record(const Call& call, const RecordKind<Record>& kind) {
    auto id = call.record_id();
    if (!id) return tl::unexpected(std::move(id.error()));
    for (int attempt = 1;; ++attempt) {
        auto standing = (call.store.*kind.find)(*id);
        if (!standing) return refuse(standing);
        if (*standing && !call.may_read((*standing)->owner)) return kind.refuse_unknown(*id);
        if (*standing && !call.may_see((*standing)->owner)) return kind.refuse_change(*id);
        auto premise = premise_of(call.request, revision_of(*standing));
        if (!premise) return tl::unexpected(std::move(premise.error()));
        if (!*standing) return kind.refuse_unknown(*id);
        auto gone = (call.store.*kind.remove)(*id, kind.audit(call, "delete", *id), *premise);
        if (!gone && is_overtaken(call, gone.error(), attempt)) continue;
        if (!gone) return refuse(gone);
        return empty_response();
    }
}

template <class Record>
Answer list_records(const Call& call, const RecordKind<Record>& kind) {
    auto query = call.list_query();
    if (!query) return tl::unexpected(std::move(query.error()));
    auto found = (call.store.*kind.list)(query->page);
    if (!found) return refuse(found);
    return page_response(call, *found, kind.to_json);
}

}  // namespace ndes::crp
