#include "common/crp_protocol/verify_v1.h"

#include "common/crp_protocol/certificate_contents_json.h"
#include "common/crp_protocol/limits.h"
#include "common/json_text.h"
#include "common/logging/cmtrace.h"
#include "common/strict_json.h"
#include "common/utf8.h"

namespace ndes::crp_protocol {
namespace {

constexpr std::string_view kSuccess = "Success";

// What makes a yes: exactly true, with the reason of a yes and the certificate's contents. An
// answer that is half a yes is no answer.
void require_agreement(JsonReader& reader, const VerifyAnswer& answer) {
    if ((answer.reason == kSuccess) != answer.verified) {
        reader.fault("reason", "contradicts verified");
    }
    if (answer.certificate.has_value() != answer.verified) {
        reader.fault("certificate", answer.verified ? "is missing" : "must be absent in a refusal");
    }
}

// The detail may quote the device; what our own reader would refuse (controls, over-long texts) is
// escaped.
std::string readable(const std::string& detail) {
    const bool as_it_is = detail.size() <= kMaxDetail && is_utf8_without_controls(detail);
    return as_it_is ? detail : loggable(detail, kMaxDetail / 2);
}

}  // namespace

std::string to_json(const VerifyRequest& request) {
    const std::size_t der = request.certificate_request.size() +
                            (request.signing_certificate ? request.signing_certificate->size() : 0);
    JsonObjectText json(512 + der / 3 * 4);
    json.text("transactionId", request.transaction_id);
    json.text("requestId", request.request_id);
    json.base64("certificateRequest", request.certificate_request);
    if (request.signing_certificate) {
        json.base64("signingCertificate", *request.signing_certificate);
    } else {
        json.null("signingCertificate");
    }
    json.text("template", request.template_name);
    json.text("caName", request.ca_name);
    json.text("deviceAddress", request.device_address);
    return json.finish();
}

Result<VerifyRequest> verify_request_from_json(std::string_view text) {
    auto json = parse_json(text, kMaxMessage);
    if (!json) return pass_on(json);
    JsonReader reader(*json);
    VerifyRequest request;
    request.transaction_id = reader.text("transactionId", kMaxId);
    request.request_id = reader.text("requestId", kMaxId);
    request.certificate_request = reader.base64("certificateRequest", kMaxDer);
    request.signing_certificate = reader.optional_base64("signingCertificate", kMaxDer);
    request.template_name = reader.text("template", kMaxId);
    request.ca_name = reader.text_or("caName", {}, kMaxName);
    request.device_address = reader.text_or("deviceAddress", {}, kMaxName);
    auto done = reader.finish();
    if (!done) return pass_on(done);
    return request;
}

std::string to_json(const VerifyAnswer& answer) {
    JsonObjectText json(1024);
    json.boolean("verified", answer.verified);
    json.text("reason", answer.reason);
    json.integer("phase", answer.phase);
    json.text("detail", readable(answer.detail));
    json.text("transactionId", answer.transaction_id);
    json.text("decisionId", answer.decision_id);
    if (answer.certificate) json.json("certificate", to_json(*answer.certificate));
    return json.finish();
}

Result<VerifyAnswer> verify_answer_from_json(std::string_view text,
                                             std::string_view transaction_id) {
    auto json = parse_json(text, kMaxMessage);
    if (!json) return pass_on(json);
    JsonReader reader(*json);
    VerifyAnswer answer;
    if (!reader.has("verified")) reader.fault("verified", "is missing");
    answer.verified = reader.boolean_or("verified", false);
    answer.reason = reader.text("reason", kMaxId);
    answer.phase = static_cast<int>(reader.integer("phase", 0, 3));
    answer.detail = reader.text("detail", kMaxDetail, true);
    answer.transaction_id = reader.text("transactionId", kMaxId);
    if (answer.transaction_id != transaction_id) {
        reader.fault("transactionId", "is not that of the question");
    }
    answer.decision_id = reader.text("decisionId", kMaxId);
    if (const Json* contents = reader.optional_object("certificate")) {
        auto certificate = certificate_contents_from_json(*contents, "certificate.");
        if (!certificate) return pass_on(certificate);
        answer.certificate = std::move(*certificate);
    }
    require_agreement(reader, answer);
    auto done = reader.finish();
    if (!done) return pass_on(done);
    return answer;
}

}  // namespace ndes::crp_protocol
