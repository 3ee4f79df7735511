#include "crp-service/store/audit_chain.h"

#include <algorithm>
#include <map>

#include "common/crypto/digest.h"
#include "common/utf8.h"

namespace ndes::crp {
namespace {

void append_integer(Bytes& out, std::uint64_t value, int octets) {
    for (int i = octets - 1; i >= 0; --i) {
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
}

void append_text(Bytes& out, std::string_view text) {
    append_integer(out, text.size(), 4);
    const ByteView octets = as_bytes(text);
    out.insert(out.end(), octets.begin(), octets.end());
}

void repair_utf8(std::string& text) {
    const auto ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (std::ranges::all_of(text, ascii)) return;
    std::string repaired;
    for (std::string_view rest = text; !rest.empty();) {
        const Utf8Step step = first_utf8(rest);
        append_utf8(repaired, step.code_point);
        rest.remove_prefix(step.length);
    }
    text = std::move(repaired);
}

}  // namespace

AuditTail chain_start(std::string_view node) {
    if (node.empty()) return {};
    return {0, sha256_hex(as_bytes(node))};
}

Bytes canonical_encoding(const AuditRecord& record) {
    Bytes out;
    out.reserve(512);
    append_integer(out, static_cast<std::uint64_t>(record.sequence), 8);
    append_integer(out, static_cast<std::uint64_t>(to_unix_ms(record.time)), 8);
    for (const std::string* text : {&record.event, &record.outcome, &record.reason, &record.caller,
                                    &record.peer_address, &record.transaction_id}) {
        append_text(out, *text);
    }
    append_integer(out, record.facts.size(), 4);
    for (const auto& [name, value] : record.facts) {
        append_text(out, name);
        append_text(out, value);
    }
    return out;
}

std::string audit_hash(std::string_view previous_hash, const AuditRecord& record) {
    Bytes input = to_bytes(as_bytes(previous_hash));
    const Bytes encoded = canonical_encoding(record);
    input.insert(input.end(), encoded.begin(), encoded.end());
    return sha256_hex(input);
}

void seal_audit_record(AuditRecord& record, const AuditTail& tail) {
    for (std::string* text : {&record.event, &record.outcome, &record.reason, &record.caller,
                              &record.peer_address, &record.transaction_id}) {
        repair_utf8(*text);
    }
    for (auto& [name, value] : record.facts) {
        repair_utf8(name);
        repair_utf8(value);
    }
    record.sequence = tail.sequence + 1;
    record.previous_hash = tail.hash;
    record.hash = audit_hash(tail.hash, record);
}

bool continues_chain(const AuditRecord& record, const AuditTail& tail) {
    return record.sequence == tail.sequence + 1 && record.previous_hash == tail.hash &&
           record.hash == audit_hash(tail.hash, record);
}

Result<AuditTail> verify_audit(Store& store) {
    std::map<std::string, AuditTail> tails;
    AuditTail last;
    PageRequest request{.after = {}, .limit = 1000, .owner = {}};
    while (true) {
        auto page = store.list_audit(request);
        if (!page) return pass_on(page);
        for (const AuditRecord& record : page->items) {
            AuditTail& tail =
                tails.try_emplace(record.node, chain_start(record.node)).first->second;
            if (!continues_chain(record, tail)) {
                return fail(ErrorCode::conflict,
                            "the audit is broken at sequence " + std::to_string(tail.sequence + 1));
            }
            last = tail = {record.sequence, record.hash};
        }
        if (!page->next) return last;
        request.after = *page->next;
    }
}

}  // namespace ndes::crp
