#include "crp-service/cli/trace.h"

#include <algorithm>
#include <fstream>

#include "common/logging/cmtrace.h"
#include "crp-service/cli/output.h"

namespace ndes::crp::cli {

namespace {

constexpr std::size_t kMaxLineOctets = 64 * 1024;

std::string text_of(const Json& object, const char* member) {
    const auto found = object.find(member);
    return found == object.end() ? "" : cell_text(*found);
}

void append(std::string& text, const char* before, const std::string& value) {
    if (!value.empty()) text += before + value;
}

// An event without a time cannot be put in order and is left out.
void add(Trace& trace, const std::string& time, std::string source, std::string text) {
    if (const auto when = from_rfc3339(time)) {
        trace.events.push_back({*when, std::move(source), std::move(text)});
    }
}

void add_decision(Trace& trace, const Json& decision) {
    if (const std::string id = text_of(decision, "requestId"); !id.empty()) {
        trace.request_ids.insert(id);
    }
    const bool verified = decision.value("verified", false);
    const std::string at = text_of(decision, "decidedAt");
    std::string text = verified ? "verified"
                                : "refused: " + text_of(decision, "reason") + " in phase " +
                                      text_of(decision, "phase");
    append(text, ", device ", text_of(decision, "deviceId"));
    append(text, ", user ", text_of(decision, "userId"));
    append(text, ", policy ", text_of(decision, "policyId"));
    append(text, ", challenge ", text_of(decision, "challengeId"));
    append(text, ", asked by ", text_of(decision, "caller"));
    add(trace, at, "crpd", text);
    const auto outcomes = decision.find("outcomes");
    if (outcomes != decision.end() && outcomes->is_array()) {
        for (const Json& outcome : *outcomes) {
            if (!outcome.is_object() || outcome.value("passed", true)) continue;
            add(trace, at, "crpd",
                "rule " + text_of(outcome, "rule") + " refused: " + text_of(outcome, "reason") +
                    "; expected and found: " + text_of(decision, "detail"));
        }
    }
    std::string notice = "outcome " + text_of(decision, "state");
    append(notice, ", result ", text_of(decision, "hResult"));
    append(notice, ", certificate ", text_of(decision, "certificateSha256"));
    add(trace, text_of(decision, "notifiedAt"), "crpd", notice);
}

void add_json_line(Trace& trace, const std::string& line, const std::string& source) {
    const auto json = parse_json(line, kMaxLineOctets);
    if (!json || !json->is_object()) return;
    const std::string transaction = text_of(*json, "transaction_id");
    const bool is_ours = transaction.empty()
                             ? trace.request_ids.contains(text_of(*json, "request_id"))
                             : transaction == trace.transaction_id;
    if (!is_ours) return;
    std::string text = text_of(*json, "message");
    append(text, " reason=", text_of(*json, "reason"));
    append(text, " phase=", text_of(*json, "phase"));
    append(text, " detail=", text_of(*json, "detail"));
    add(trace, text_of(*json, "time"), source, text);
}

}  // namespace

void Trace::lack(std::string source, std::string why) {
    missing.push_back({std::move(source), std::move(why)});
    is_whole = false;
}

void Trace::sort() {
    std::ranges::stable_sort(
        events, [](const TraceEvent& a, const TraceEvent& b) { return a.time < b.time; });
}

void add_transaction(Trace& trace, const Json& transaction) {
    const auto history = transaction.find("history");
    if (history == transaction.end() || !history->is_array() || history->empty()) {
        add_decision(trace, transaction);
        return;
    }
    for (const Json& decision : *history) {
        if (decision.is_object()) add_decision(trace, decision);
    }
}

void add_certificate(Trace& trace, const Json& certificate) {
    std::string text = "certificate " + text_of(certificate, "serialNumber");
    append(text, ", subject ", text_of(certificate, "subject"));
    append(text, ", issuer ", text_of(certificate, "issuer"));
    append(text, ", until ", text_of(certificate, "notAfter"));
    add(trace, text_of(certificate, "recordedAt"), "crpd", text);
    add(trace, text_of(certificate, "revokedAt"), "crpd",
        "certificate revoked: " + text_of(certificate, "revocationReason"));
}

void add_state_message(Trace& trace, const Json& message) {
    std::string text = "state " + text_of(message, "state") + " " + text_of(message, "reason");
    append(text, ", message ", text_of(message, "id"));
    const auto deliveries = message.find("deliveries");
    if (deliveries == message.end() || !deliveries->is_array() || deliveries->empty()) {
        const std::string at = text_of(message, "deliveredAt");
        text += at.empty() ? "" : ", delivered " + at;
    } else {
        for (const Json& delivery : *deliveries) {
            append(text, ", outstanding for ", text_of(delivery, "sink"));
            append(text, " after failures: ", text_of(delivery, "attempts"));
            append(text, " ", text_of(delivery, "lastError"));
        }
    }
    add(trace, text_of(message, "createdAt"), "state message", text);
}

void add_audit_record(Trace& trace, const Json& record) {
    std::string text = text_of(record, "event") + " " + text_of(record, "outcome");
    append(text, " ", text_of(record, "reason"));
    append(text, ", caller ", text_of(record, "caller"));
    append(text, " from ", text_of(record, "peerAddress"));
    append(text, ", record ", text_of(record, "sequence"));
    add(trace, text_of(record, "time"), "audit", text);
}

void add_log(Trace& trace, const std::filesystem::path& file) {
    std::ifstream lines(file, std::ios::binary);
    if (!lines) {
        trace.lack(file.string(), "cannot be read");
        return;
    }
    const std::size_t before = trace.events.size();
    const std::string source = file.filename().string();
    std::string line;
    while (std::getline(lines, line)) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.size() > kMaxLineOctets) continue;
        if (line.starts_with('{')) {
            add_json_line(trace, line, source);
        } else if (const auto record = parse_cmtrace(line);
                   record && record->context == trace.transaction_id) {
            trace.events.push_back({record->time, source, record->text});
        }
    }
    if (lines.bad()) {
        trace.lack(file.string(), "reading broke off");
    } else if (trace.events.size() == before) {
        trace.lack(file.string(), "has no line of this transaction");
    }
}

}  // namespace ndes::crp::cli
