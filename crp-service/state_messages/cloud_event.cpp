#include "crp-service/state_messages/cloud_event.h"

#include "crp-service/state_messages/state_message_json.h"

namespace ndes::crp {

std::string to_cloud_event(const StateMessage& message, std::string_view source) {
    const Json event = {{"specversion", "1.0"},
                        {"id", message.id},
                        {"source", source},
                        {"type", "ndes.state-message." + std::string(state_word(message.state))},
                        {"subject", message.transaction_id},
                        {"time", to_rfc3339(message.created_at)},
                        {"datacontenttype", "application/json"},
                        {"data", state_message_json(message)}};
    return event.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ndes::crp
