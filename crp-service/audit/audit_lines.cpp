#include "crp-service/audit/audit_lines.h"

#include "common/json_text.h"

namespace ndes::crp {

namespace {

constexpr std::size_t kMaxLineOctets = 1024 * 1024;
constexpr std::size_t kRecordMembers = 12;
constexpr std::size_t kCheckpointMembers = 6;

Failure unreadable(const std::string& what) { return fail(ErrorCode::conflict, what); }

// Reads members and remembers the first that is not as it has to be.
class Members {
  public:
    explicit Members(const Json& object) : object_(object) {}

    std::string text(const char* name) {
        const auto found = object_.find(name);
        if (found != object_.end() && found->is_string()) return found->get<std::string>();
        note(name);
        return {};
    }
    // null reads as "".
    std::string text_or_null(const char* name) {
        const auto found = object_.find(name);
        return found != object_.end() && found->is_null() ? "" : text(name);
    }
    std::int64_t integer(const char* name) {
        const auto found = object_.find(name);
        if (found != object_.end() && found->is_number_integer()) return found->get<std::int64_t>();
        note(name);
        return 0;
    }
    WallTime time(const char* name) {
        if (const auto time = from_rfc3339(text(name))) return *time;
        note(name);
        return {};
    }
    void note(const char* name) {
        if (fault_.empty()) fault_ = name;
    }
    const std::string& fault() const { return fault_; }

  private:
    const Json& object_;
    std::string fault_;
};

void read_facts(const Json& json, Members& members, AuditRecord& record) {
    const auto facts = json.find("facts");
    if (facts == json.end() || !facts->is_array()) return members.note("facts");
    for (const Json& fact : *facts) {
        if (fact.is_array() && fact.size() == 2 && fact[0].is_string() && fact[1].is_string()) {
            record.facts.emplace_back(fact[0].get<std::string>(), fact[1].get<std::string>());
        } else if (fact.is_object() && fact.contains("name") && fact["name"].is_string() &&
                   fact.contains("value") && fact["value"].is_string()) {  // as the API writes it
            record.facts.emplace_back(fact["name"].get<std::string>(),
                                      fact["value"].get<std::string>());
        } else {
            return members.note("facts");
        }
    }
}

Result<AuditRecord> read_record(const Json& json) {
    Members members(json);
    AuditRecord record;
    // Absent in the API of a crpd that keeps one chain.
    if (json.contains("node")) record.node = members.text_or_null("node");
    record.sequence = members.integer("sequence");
    record.time = members.time("time");
    record.event = members.text("event");
    record.outcome = members.text("outcome");
    record.reason = members.text("reason");
    record.caller = members.text("caller");
    record.peer_address = members.text("peerAddress");
    record.transaction_id = members.text_or_null("transactionId");
    read_facts(json, members, record);
    record.previous_hash = members.text("previousHash");
    record.hash = members.text("hash");
    if (!members.fault().empty()) return unreadable("member " + members.fault() + " is wrong");
    return record;
}

Result<AuditCheckpoint> read_checkpoint(const Json& json) {
    Members members(json);
    AuditCheckpoint checkpoint;
    checkpoint.node = members.text("node");
    checkpoint.sequence = members.integer("sequence");
    checkpoint.hash = members.text("hash");
    checkpoint.time = members.time("time");
    checkpoint.key_id = members.text("keyId");
    checkpoint.signature = members.text("signature");
    if (!members.fault().empty() || json.size() != kCheckpointMembers) {
        return unreadable("checkpoint with a wrong member " + members.fault());
    }
    return checkpoint;
}

}  // namespace

std::string to_line(const AuditRecord& record) {
    std::string facts = "[";
    for (const auto& [name, value] : record.facts) {
        facts += facts.size() > 1 ? ",[" : "[";
        append_json_string(facts, name);
        facts += ',';
        append_json_string(facts, value);
        facts += ']';
    }
    JsonObjectText line(1024);
    line.text("node", record.node);
    line.integer("sequence", record.sequence);
    line.text("time", to_rfc3339(record.time));
    line.text("event", record.event);
    line.text("outcome", record.outcome);
    line.text("reason", record.reason);
    line.text("caller", record.caller);
    line.text("peerAddress", record.peer_address);
    line.text("transactionId", record.transaction_id);
    line.json("facts", facts + "]");
    line.text("previousHash", record.previous_hash);
    line.text("hash", record.hash);
    return line.finish();
}

std::string to_line(const AuditCheckpoint& checkpoint) {
    JsonObjectText inside(512);
    inside.text("node", checkpoint.node);
    inside.integer("sequence", checkpoint.sequence);
    inside.text("hash", checkpoint.hash);
    inside.text("time", to_rfc3339(checkpoint.time));
    inside.text("keyId", checkpoint.key_id);
    inside.text("signature", checkpoint.signature);
    JsonObjectText line(512);
    line.json("checkpoint", inside.finish());
    return line.finish();
}

Result<AuditLine> parse_audit_line(std::string_view line) {
    const auto json = parse_json(line, kMaxLineOctets);
    if (!json) return unreadable(json.error().text);
    if (!json->is_object()) return unreadable("not a JSON object");
    AuditLine parsed;
    if (const auto inside = json->find("checkpoint"); inside != json->end()) {
        if (!inside->is_object() || json->size() != 1) return unreadable("not a checkpoint");
        auto checkpoint = read_checkpoint(*inside);
        if (!checkpoint) return pass_on(checkpoint);
        parsed.checkpoint = std::move(*checkpoint);
        return parsed;
    }
    if (json->size() != kRecordMembers || !json->contains("node")) {
        return unreadable("a record has " + std::to_string(kRecordMembers) + " members");
    }
    auto record = read_record(*json);
    if (!record) return pass_on(record);
    parsed.record = std::move(*record);
    return parsed;
}

Result<AuditRecord> audit_record_from_api(const Json& json) {
    if (!json.is_object()) return unreadable("not a JSON object");
    return read_record(json);
}

}  // namespace ndes::crp
