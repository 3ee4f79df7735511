// Rows of state messages, their deliveries and the audit: columns in order, and one reader each
// for every SQL backend (see record_rows.h).
#pragma once

#include <string>

#include "common/error.h"
#include "crp-service/domain/decision.h"
#include "crp-service/store/json_columns.h"
#include "crp-service/store/store_types.h"

#define MESSAGE_COLUMNS                                                                  \
    "sequence, id, state, transaction_id, decision_id, device_id, user_id, "             \
    "certificate_request_id, reason, certificate_sha1, certificate_serial, created_at, " \
    "owner"
#define DELIVERY_COLUMNS "sink, attempts, next_attempt_at, dead_at, last_error"
#define AUDIT_COLUMNS                                                                \
    "sequence, time, event, outcome, reason, caller, peer_address, transaction_id, " \
    "facts_json, previous_hash, hash"
#define CHECKPOINT_COLUMNS "node, sequence, hash, time, key_id, signature"

namespace ndes::crp {

template <class Row>
Result<StateMessage> read_message(Row& row) {
    StateMessage message;
    message.sequence = row.integer();
    message.id = row.text();
    message.state = static_cast<StateId>(row.integer());
    message.transaction_id = row.text();
    message.decision_id = row.text();
    message.device_id = row.text();
    message.user_id = row.text();
    message.certificate_request_id = row.text();
    message.reason = row.text();
    message.certificate_sha1 = row.text();
    message.certificate_serial = row.text();
    message.created_at = row.time();
    message.owner = row.text();
    return message;
}

template <class Row>
Result<Delivery> read_delivery(Row& row) {
    Delivery delivery;
    delivery.sink = row.text();
    delivery.attempts = row.number();
    delivery.next_attempt_at = row.optional_time();
    delivery.dead_at = row.optional_time();
    delivery.last_error = row.text();
    return delivery;
}

// MESSAGE_COLUMNS and DELIVERY_COLUMNS of one delivery.
template <class Row>
Result<StateMessage> read_message_with_delivery(Row& row) {
    auto message = read_message(row);
    if (!message) return message;
    auto delivery = read_delivery(row);
    if (!delivery) return pass_on(delivery);
    message->deliveries.push_back(std::move(*delivery));
    return message;
}

// sink, waiting, dead, when the oldest waiting one was recorded.
template <class Row>
Result<SinkBacklog> read_backlog(Row& row) {
    SinkBacklog backlog;
    backlog.sink = row.text();
    backlog.waiting = row.integer();
    backlog.dead = row.integer();
    backlog.oldest_waiting = row.optional_time();
    return backlog;
}

// Facts that cannot be read become one nameless fact, so that the record does not match its hash;
// `fault` then holds why.
template <class Row>
AuditRecord read_audit_as_it_is(Row& row, Result<void>& fault) {
    AuditRecord record;
    record.sequence = row.integer();
    record.time = row.time();
    record.event = row.text();
    record.outcome = row.text();
    record.reason = row.text();
    record.caller = row.text();
    record.peer_address = row.text();
    record.transaction_id = row.text();
    const std::string facts = row.text();
    fault = decode(facts, record.facts);
    if (!fault) record.facts = {{"", facts}};
    record.previous_hash = row.text();
    record.hash = row.text();
    return record;
}

template <class Row>
Result<AuditRecord> read_audit(Row& row) {
    Result<void> fault;
    AuditRecord record = read_audit_as_it_is(row, fault);
    if (!fault) return pass_on(fault);
    return record;
}

template <class Row>
Result<AuditCheckpoint> read_checkpoint(Row& row) {
    AuditCheckpoint checkpoint;
    checkpoint.node = row.text();
    checkpoint.sequence = row.integer();
    checkpoint.hash = row.text();
    checkpoint.time = row.time();
    checkpoint.key_id = row.text();
    checkpoint.signature = row.text();
    return checkpoint;
}

}  // namespace ndes::crp
