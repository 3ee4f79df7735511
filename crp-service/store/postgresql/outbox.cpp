// PostgresqlStore: state messages, from the deciding transaction to their delivery.
#include <utility>

#include "crp-service/store/event_rows.h"
#include "crp-service/store/postgresql/postgresql_store_impl.h"
#include "crp-service/store/postgresql/queries.h"

namespace ndes::crp::pg {
namespace {

// The last parameter: the sinks, as an array.
constexpr Statement kInsertMessage{"message_insert", R"(WITH recorded AS (
    INSERT INTO state_message (
        id, state, transaction_id, decision_id, device_id, user_id, certificate_request_id, reason,
        certificate_sha1, certificate_serial, created_at, owner, node)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    RETURNING sequence, transaction_id)
    INSERT INTO delivery (sink, message, transaction_id, attempts, last_error)
    SELECT sink, recorded.sequence, recorded.transaction_id, 0, ''::bytea
    FROM recorded, unnest($14::text[]) AS sink)"};
constexpr Statement kDeliveries{"message_deliveries",
                                "SELECT message, " DELIVERY_COLUMNS R"( FROM delivery
    WHERE message = ANY ($1::bigint[]) ORDER BY message, sink)"};

struct Outstanding {
    std::int64_t message = 0;
    Delivery delivery;
};

Result<Outstanding> read_outstanding(Row& row) {
    const std::int64_t message = row.integer();
    auto delivery = read_delivery(row);
    if (!delivery) return pass_on(delivery);
    return Outstanding{message, std::move(*delivery)};
}

// Adds what is outstanding to each message.
Result<void> add_deliveries(Connection& connection, std::vector<StateMessage>& messages) {
    if (messages.empty()) return {};
    std::map<std::int64_t, StateMessage*> by_sequence;
    std::vector<std::string> sequences;
    for (StateMessage& one : messages) {
        by_sequence[one.sequence] = &one;
        sequences.push_back(std::to_string(one.sequence));
    }
    auto rows = connection.ask(kDeliveries, Values(array_of(sequences)));
    if (!rows) return pass_on(rows);
    auto outstanding = rows->all<Outstanding>(read_outstanding);
    if (!outstanding) return pass_on(outstanding);
    for (Outstanding& one : *outstanding)
        by_sequence.at(one.message)->deliveries.push_back(std::move(one.delivery));
    return {};
}

}  // namespace

void append(Batch& batch, const std::vector<StateMessage>& messages,
            const std::vector<std::string>& sinks) {
    const Literal names = array_of(sinks);
    for (const StateMessage& one : messages) {
        batch.connection.queue(
            kInsertMessage,
            Values(one.id, static_cast<int>(one.state), one.transaction_id, one.decision_id,
                   one.device_id, one.user_id, one.certificate_request_id, one.reason,
                   one.certificate_sha1, one.certificate_serial, to_unix_ms(one.created_at),
                   one.owner, batch.node, names));
    }
}

void PostgresqlStore::set_sinks(std::vector<std::string> names) {
    auto fresh = std::make_shared<const std::vector<std::string>>(std::move(names));
    const std::lock_guard guard(sinks_mutex_);
    sinks_ = std::move(fresh);
}

PostgresqlStore::SinkNames PostgresqlStore::sinks() const {
    const std::lock_guard guard(sinks_mutex_);
    return sinks_;
}

Result<Page<StateMessage>> PostgresqlStore::list_state_messages(const PageRequest& page) {
    auto connection = pool_->lend();
    if (!connection) return pass_on(connection);
    const auto of_node = [&page](const Node& node) {
        SequenceQuery query("SELECT " MESSAGE_COLUMNS " FROM state_message", "sequence", false);
        query.where("node = ", node.number).where("owner = ", page.owner);
        return query;
    };
    auto found = list_chains<StateMessage>(
        **connection, page, of_node, read_message,
        [](const StateMessage& one) { return one.sequence; },
        [](const StateMessage& a, const StateMessage& b) { return a.sequence < b.sequence; });
    if (!found) return found;
    if (auto added = add_deliveries(**connection, found->items); !added) return pass_on(added);
    return found;
}

}  // namespace ndes::crp::pg
