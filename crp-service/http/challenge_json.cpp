#include "crp-service/http/challenge_json.h"

#include "common/clock.h"
#include "crp-service/challenge/contents_json.h"
#include "crp-service/domain/records.h"

namespace ndes::crp {

namespace {

Result<ChallengeOrder> read_order(const Json& body, const std::string& prefix) {
    JsonReader reader(body, prefix);
    ChallengeOrder order;
    order.field_prefix = prefix;
    order.device_id = reader.text("deviceId", kMaxIdOctets);
    order.user_id = reader.optional_text("userId", kMaxIdOctets).value_or("");
    order.policy_id = reader.text("policyId", kMaxIdOctets);
    if (const auto ttl = optional_integer(reader, "ttlSeconds", kShortestChallengeTtl.count(),
                                          kLongestChallengeTtl.count())) {
        order.ttl = std::chrono::seconds(*ttl);
    }
    order.expires_at = reader.optional_time("expiresAt");
    auto expected = read_expected(reader);
    if (!expected) return pass_on(expected);
    order.expected = std::move(*expected);
    order.posted = reader.optional_text("challenge", kLongestPostedChallenge);
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    return order;
}

}  // namespace

Result<ChallengeOrders> challenge_orders_from_json(const Json& body) {
    ChallengeOrders result;
    result.is_batch = body.is_array();
    if (!result.is_batch) {
        auto order = read_order(body, "");
        if (!order) return pass_on(order);
        result.orders.push_back(std::move(*order));
        return result;
    }
    if (body.empty() || body.size() > kMostChallengesPerCall) {
        return fail(ErrorCode::bad_request, "a batch must hold 1 to 500 challenges");
    }
    for (std::size_t i = 0; i < body.size(); ++i) {
        auto order = read_order(body[i], "[" + std::to_string(i) + "].");
        if (!order) return pass_on(order);
        result.orders.push_back(std::move(*order));
    }
    return result;
}

Json to_json(const CreatedChallenge& created) {
    return {{"challengeId", created.id},
            {"challenge", created.challenge},
            {"scepUrl", created.scep_url},
            {"caThumbprint", created.ca_thumbprint},
            {"expiresAt", to_rfc3339(created.expires_at)}};
}

Json to_json(const Challenge& challenge) {
    return {{"challengeId", challenge.id},
            {"kind", to_string(challenge.kind)},
            {"deviceId", challenge.device_id},
            {"userId", or_null(challenge.user_id)},
            {"policyId", challenge.policy_id},
            {"certificateRequestId", challenge.certificate_request_id},
            {"expected", expected_json(challenge.expected)},
            {"notBefore", to_rfc3339(challenge.not_before)},
            {"expiresAt", to_rfc3339(challenge.expires_at)},
            {"createdAt", to_rfc3339(challenge.created_at)},
            {"owner", challenge.owner},
            {"state", to_string(challenge.state)},
            {"refusals", challenge.refusals},
            {"transactionId", or_null(challenge.transaction_id)}};
}

}  // namespace ndes::crp
