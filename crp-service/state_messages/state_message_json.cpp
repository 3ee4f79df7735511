#include "crp-service/state_messages/state_message_json.h"

#include "crp-service/domain/decision.h"

namespace ndes::crp {
namespace {

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

}  // namespace

std::string_view state_word(StateId state) {
    switch (state) {
        case StateId::challenge_validation_succeeded: return "challenge-validation-succeeded";
        case StateId::challenge_validation_failed: return "challenge-validation-failed";
        case StateId::issue_failed: return "issue-failed";
        case StateId::issue_pending: return "issue-pending";
        case StateId::issued: return "issued";
        case StateId::revoked: return "revoked";
        case StateId::renew_verified: return "renew-verified";
    }
    return "unknown";
}

Json state_message_json(const StateMessage& message) {
    return {{"id", message.id},
            {"sequence", message.sequence},
            {"topicType", kStateTopicType},
            {"state", static_cast<int>(message.state)},
            {"transactionId", message.transaction_id},
            {"decisionId", message.decision_id},
            {"deviceId", or_null(message.device_id)},
            {"userId", or_null(message.user_id)},
            {"certificateRequestId", or_null(message.certificate_request_id)},
            {"reason", message.reason},
            {"certificateThumbprint", or_null(message.certificate_sha1)},
            {"certificateSerialNumber", or_null(message.certificate_serial)},
            {"createdAt", to_rfc3339(message.created_at)}};
}

}  // namespace ndes::crp
