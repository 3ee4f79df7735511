// SqliteStore: state messages, from the deciding transaction to their delivery.
#include <utility>

#include "crp-service/store/sqlite/message_rows.h"
#include "crp-service/store/sqlite/record_queries.h"
#include "crp-service/store/sqlite/sqlite_store_impl.h"

namespace ndes::crp {
namespace {

constexpr const char* kInsertMessage = R"(INSERT INTO state_message (
    id, state, transaction_id, decision_id, device_id, user_id, certificate_request_id, reason,
    certificate_sha1, certificate_serial, created_at, owner)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING sequence)";
constexpr const char* kWaitForSink = R"(INSERT INTO delivery
    (sink, message, transaction_id, attempts, last_error) VALUES (?, ?, ?, 0, ''))";
constexpr const char* kDeliveries = R"(SELECT sink, attempts, next_attempt_at, dead_at, last_error
    FROM delivery INDEXED BY delivery_by_message WHERE message = ? ORDER BY sink)";

Result<void> append_one(OutboxWrites& writes, const StateMessage& one,
                        const std::vector<std::string>& sinks) {
    std::int64_t sequence = 0;
    {
        const ResetAtEnd reset(writes.insert);
        auto inserted = bind_all(writes.insert, one.id, static_cast<int>(one.state),
                                 one.transaction_id, one.decision_id, one.device_id, one.user_id,
                                 one.certificate_request_id, one.reason, one.certificate_sha1,
                                 one.certificate_serial, to_unix_ms(one.created_at), one.owner)
                            .step();
        if (!inserted) return pass_on(inserted);
        if (!*inserted) return fail(ErrorCode::storage, "a state message got no number");
        sequence = writes.insert.integer(0);
    }
    for (const std::string& sink : sinks) {
        auto done = bind_all(writes.wait_for_sink, sink, sequence, one.transaction_id).run();
        if (!done) return done;
    }
    return {};
}

}  // namespace

OutboxReads::OutboxReads(Preparer& prepare)
    : due(prepare(kDueMessages)),
      deliveries(prepare(kDeliveries)),
      backlog(prepare(kSinkBacklog)) {}

OutboxWrites::OutboxWrites(Preparer& prepare)
    : insert(prepare(kInsertMessage)),
      wait_for_sink(prepare(kWaitForSink)),
      delivered(prepare(kTakeDelivery)),
      failed(prepare(kFailDelivery)),
      dead(prepare(kGiveUpDelivery)) {}

Result<void> append(OutboxWrites& writes, const std::vector<StateMessage>& messages,
                    const std::vector<std::string>& sinks) {
    for (const StateMessage& one : messages) {
        if (auto done = append_one(writes, one, sinks); !done) return done;
    }
    return {};
}

void SqliteStore::set_sinks(std::vector<std::string> names) {
    auto fresh = std::make_shared<const std::vector<std::string>>(std::move(names));
    const std::lock_guard guard(sinks_mutex_);
    sinks_ = std::move(fresh);
}

SqliteStore::SinkNames SqliteStore::sinks() const {
    const std::lock_guard guard(sinks_mutex_);
    return sinks_;
}

Result<Page<StateMessage>> SqliteStore::list_state_messages(const PageRequest& page) {
    const auto scope = read_scope();
    SequenceQuery query("SELECT " MESSAGE_COLUMNS " FROM state_message", "sequence", false);
    query.where("owner = ?", page.owner);
    auto found = list_sequence<StateMessage>(*readers_, query, page, read_message,
                                             [](const StateMessage& one) { return one.sequence; });
    if (!found) return found;
    auto reader = readers_->lend();
    if (!reader) return pass_on(reader);
    Statement& deliveries = reader->reads().outbox.deliveries;
    for (StateMessage& one : found->items) {
        auto outstanding = all_rows<Delivery>(bind_all(deliveries, one.sequence), read_delivery);
        if (!outstanding) return pass_on(outstanding);
        one.deliveries = std::move(*outstanding);
    }
    return found;
}

}  // namespace ndes::crp
