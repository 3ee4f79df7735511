#include "crp-service/http/event_json.h"

#include <fmt/format.h>

#include "common/clock.h"
#include "crp-service/challenge/contents_json.h"
#include "crp-service/state_messages/state_message_json.h"

namespace ndes::crp {

namespace {

Json outcomes_json(const std::vector<RuleOutcome>& outcomes) {
    Json array = Json::array();
    for (const RuleOutcome& outcome : outcomes) {
        array.push_back({{"rule", outcome.rule},
                         {"phase", outcome.phase},
                         {"passed", outcome.passed},
                         {"reason", outcome.reason}});
    }
    return array;
}

// Those that are outstanding.
Json deliveries_json(const std::vector<Delivery>& deliveries) {
    Json array = Json::array();
    for (const Delivery& delivery : deliveries) {
        array.push_back({{"sink", delivery.sink},
                         {"attempts", delivery.attempts},
                         {"nextAttemptAt", or_null(delivery.next_attempt_at)},
                         {"deadAt", or_null(delivery.dead_at)},
                         {"lastError", or_null(delivery.last_error)}});
    }
    return array;
}

// As Windows prints an HRESULT: "0x80094800".
std::string hresult_text(std::int32_t hresult) {
    return fmt::format("0x{:08x}", static_cast<std::uint32_t>(hresult));
}

}  // namespace

Json contents_json(const CertificateContents& contents) {
    Json object = {{"subject", contents.subject},
                   {"subjectAltNames", alt_names_json(contents.subject_alt_names)},
                   {"keyUsage", key_usage_json(contents.key_usage)},
                   {"extendedKeyUsage", contents.extended_key_usage},
                   {"validityDays", contents.validity_days},
                   {"template", contents.template_name}};
    if (!contents.security_identifier.empty()) {
        object["securityIdentifier"] = contents.security_identifier;
    }
    return object;
}

Json to_json(const Transaction& transaction) {
    const Decision& decision = transaction.decision;
    return {{"transactionId", decision.transaction_id},
            {"requestId", decision.request_id},
            {"decisionId", decision.id},
            {"verified", decision.verified},
            {"reason", decision.reason},
            {"phase", decision.phase},
            {"detail", decision.detail},
            {"state", to_string(transaction.state)},
            {"deviceId", or_null(decision.device_id)},
            {"userId", or_null(decision.user_id)},
            {"policyId", or_null(decision.policy_id)},
            {"challengeId", or_null(decision.challenge_id)},
            {"template", decision.template_name},
            {"renewal", decision.is_renewal()},
            {"caller", decision.caller},
            {"deviceAddress", or_null(decision.device_address)},
            {"csrSha256", decision.csr_sha256},
            {"spkiSha256", or_null(decision.spki_sha256)},
            {"signingCertificateSha256", or_null(decision.signing_sha256)},
            {"certificate", decision.contents ? contents_json(*decision.contents) : Json(nullptr)},
            {"outcomes", outcomes_json(decision.outcomes)},
            {"decidedAt", to_rfc3339(decision.decided_at)},
            {"notifiedAt", or_null(transaction.notified_at)},
            {"hResult", hresult_text(transaction.hresult)},
            {"certificateSha256", or_null(transaction.certificate_sha256)},
            {"owner", or_null(decision.owner)}};
}

Json to_json(const Transaction& newest, const std::vector<Transaction>& history) {
    Json object = to_json(newest);
    Json all = Json::array();
    for (const Transaction& transaction : history)
        all.push_back(to_json(transaction));
    object["history"] = std::move(all);
    return object;
}

Json to_json(const IssuedCertificate& certificate) {
    return {{"sha256", certificate.sha256},
            {"serialNumber", certificate.serial},
            {"issuer", certificate.issuer},
            {"subject", certificate.subject},
            {"spkiSha256", certificate.spki_sha256},
            {"notBefore", to_rfc3339(certificate.not_before)},
            {"notAfter", to_rfc3339(certificate.not_after)},
            {"decisionId", certificate.decision_id},
            {"transactionId", certificate.transaction_id},
            {"challengeId", or_null(certificate.challenge_id)},
            {"deviceId", or_null(certificate.device_id)},
            {"userId", or_null(certificate.user_id)},
            {"policyId", or_null(certificate.policy_id)},
            {"renews", or_null(certificate.renews)},
            {"revoked", certificate.revoked},
            {"revokedAt", or_null(certificate.revoked_at)},
            {"revocationReason", or_null(certificate.revocation_reason)},
            {"recordedAt", to_rfc3339(certificate.recorded_at)},
            {"owner", or_null(certificate.owner)}};
}

Json to_json(const StateMessage& message) {
    Json object = state_message_json(message);
    object["deliveries"] = deliveries_json(message.deliveries);
    object["owner"] = or_null(message.owner);
    return object;
}

Json to_json(const AuditRecord& record) {
    // An array: names may come more than once, and the order is part of the record's hash.
    Json facts = Json::array();
    for (const auto& [name, value] : record.facts) {
        facts.push_back({{"name", name}, {"value", value}});
    }
    return {{"node", record.node},
            {"sequence", record.sequence},
            {"time", to_rfc3339(record.time)},
            {"event", record.event},
            {"outcome", record.outcome},
            {"reason", record.reason},
            {"caller", record.caller},
            {"peerAddress", record.peer_address},
            {"transactionId", or_null(record.transaction_id)},
            {"facts", std::move(facts)},
            {"previousHash", record.previous_hash},
            {"hash", record.hash}};
}

Json to_json(const AuditCheckpoint& checkpoint) {
    return {{"node", checkpoint.node},    {"sequence", checkpoint.sequence},
            {"hash", checkpoint.hash},    {"time", to_rfc3339(checkpoint.time)},
            {"keyId", checkpoint.key_id}, {"signature", checkpoint.signature}};
}

}  // namespace ndes::crp
