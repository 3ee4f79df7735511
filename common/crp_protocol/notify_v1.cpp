#include "common/crp_protocol/notify_v1.h"

#include <algorithm>
#include <array>
#include <limits>

#include "common/crp_protocol/limits.h"
#include "common/json_text.h"
#include "common/strict_json.h"

namespace ndes::crp_protocol {
namespace {

constexpr std::array kDispositions = {Disposition::unknown, Disposition::success,
                                      Disposition::failure, Disposition::pending,
                                      Disposition::pending_challenge};

Disposition read_disposition(JsonReader& reader) {
    const auto number = static_cast<std::int32_t>(reader.integer("disposition", -1, 11));
    const auto disposition = static_cast<Disposition>(number);
    const auto known = std::find(kDispositions.begin(), kDispositions.end(), disposition);
    if (known != kDispositions.end()) return disposition;
    reader.fault("disposition", "must be -1, 0, 2, 3 or 11");
    return Disposition::unknown;
}

}  // namespace

std::string to_json(const NotifyRequest& request) {
    JsonObjectText json(512 + (request.certificate ? request.certificate->size() / 3 * 4 : 0));
    json.text("transactionId", request.transaction_id);
    json.text("requestId", request.request_id);
    if (request.challenge) {
        json.text("challenge", *request.challenge);
    } else {
        json.null("challenge");
    }
    json.integer("disposition", static_cast<std::int32_t>(request.disposition));
    json.integer("hResult", request.hresult);
    if (request.certificate) {
        json.base64("certificate", *request.certificate);
    } else {
        json.null("certificate");
    }
    return json.finish();
}

Result<NotifyRequest> notify_request_from_json(std::string_view text) {
    auto json = parse_json(text, kMaxMessage);
    if (!json) return pass_on(json);
    JsonReader reader(*json);
    using Int32 = std::numeric_limits<std::int32_t>;
    NotifyRequest request;
    request.transaction_id = reader.text("transactionId", kMaxId);
    request.request_id = reader.text("requestId", kMaxId);
    request.challenge = reader.optional_text("challenge", kMaxChallenge);
    request.disposition = read_disposition(reader);
    request.hresult =
        static_cast<std::int32_t>(reader.integer("hResult", Int32::min(), Int32::max()));
    request.certificate = reader.optional_base64("certificate", kMaxDer);
    const bool success = request.disposition == Disposition::success;
    if (success && !request.certificate) reader.fault("certificate", "is missing for a success");
    if (!success && request.certificate) reader.fault("certificate", "belongs to a success only");
    auto done = reader.finish();
    if (!done) return pass_on(done);
    return request;
}

}  // namespace ndes::crp_protocol
