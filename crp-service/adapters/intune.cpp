// intune: Intune's API for third-party certification authorities, so that a CA that validates with
// Intune can be pointed at this CRP instead: where the service is (discovery), an access token for
// a client's secret (both in intune_access.cpp), and the three ScepActions. Unknown fields pass, as
// in the original.
#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <optional>

#include "common/crp_protocol/limits.h"
#include "common/crypto/csr.h"
#include "crp-service/adapters/foreign_json.h"
#include "crp-service/adapters/intune_access.h"
#include "crp-service/validation/reasons.h"

namespace ndes::crp {

namespace {

constexpr std::string_view kApiVersion = "2018-02-20";
constexpr std::size_t kMaxRequestId = 128;
constexpr std::size_t kMaxDescription = 255;  // errorDescription, either way

// The caller's own ID of the call, or one of ours.
Result<std::string> read_request_id(const Call& call) {
    if (call.request.header("api-version") != kApiVersion) {
        return fail(ErrorCode::bad_request,
                    "api-version: the header must be " + std::string(kApiVersion));
    }
    const std::string_view id = call.request.header("client-request-id");
    if (id.empty()) return make_uuid(call.clock, call.random);
    const bool is_plain = std::ranges::all_of(id, [](char c) { return c > 0x20 && c < 0x7f; });
    if (id.size() <= kMaxRequestId && is_plain) return std::string(id);
    return fail(ErrorCode::bad_request,
                "client-request-id: the header must have at most 128 printable characters");
}

struct Action {
    std::string request_id;
    Json body;  // the object under "request" or "notification"; its request is in one line
};

Result<Action> read_action(const Call& call, const char* wrapper) {
    auto id = read_request_id(call);
    if (!id) return pass_on(id);
    auto body = call.json();
    if (!body) return pass_on(body);
    const Json known = only_fields(*body, {wrapper});
    JsonReader reader(known);
    const Json* inside = reader.optional_object(wrapper);
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    if (inside == nullptr) {
        return fail(ErrorCode::bad_request, std::string(wrapper) + ": is missing");
    }
    Json fields = *inside;
    join_lines(fields, "certificateRequest");
    return Action{std::move(*id), std::move(fields)};
}

Answer answer_action(const std::string& request_id, std::string_view code, std::string text) {
    if (text.size() > kMaxDescription) {
        text.resize(kMaxDescription);
        while (!text.empty() && (text.back() & 0x80) != 0)
            text.pop_back();  // no half of a character
    }
    http::Response response =
        json_response(200, {{"code", code}, {"errorDescription", std::move(text)}});
    response.headers.emplace_back("client-request-id", request_id);
    return response;
}

// A reason of ours that Intune has no code for is its "Unknown", and stands in the description.
std::string_view code_of(std::string_view word) {
    if (word == kSuccess) return kSuccess;
    const Reason* reason = find_reason(word);
    return reason != nullptr && !reason->intune.empty() ? reason->intune : "Unknown";
}

Answer validate_request(const Call& call) {
    auto action = read_action(call, "request");
    if (!action) return refuse(action);
    const Json known =
        only_fields(action->body, {"transactionId", "certificateRequest", "callerInfo"});
    JsonReader reader(known, "request.");
    VerifyInput input;
    input.transaction_id = reader.text("transactionId", crp_protocol::kMaxId);
    input.certificate_request = reader.base64("certificateRequest", crp_protocol::kMaxDer);
    input.ca_name = reader.text_or("callerInfo", "", crp_protocol::kMaxId);
    if (auto sound = reader.finish(); !sound) return refuse(sound);
    input.request_id = action->request_id;
    input.template_name = call.caller.templates.front();
    auto decision = call.parts.verify->verify(input, call.identity());
    if (!decision) return refuse(decision);
    return answer_action(action->request_id, code_of(decision->reason),
                         decision->verified ? "" : decision->reason + ": " + decision->detail);
}

// SHA-1 in hexadecimal; some write it in upper case, in pairs with ":" or spaces.
std::string read_hex(JsonReader& reader, std::string_view field, std::size_t most_digits) {
    std::string text = reader.text(field, 4 * most_digits);
    std::erase_if(text, [](char c) { return c == ':' || c == ' '; });
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const bool is_hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (!text.empty() && is_hex && text.size() <= most_digits) return text;
    reader.fault(field, "must be hexadecimal digits");
    return {};
}

// "2027-01-31T00:00:00.000Z" or with an offset ("+00:00"), which from_rfc3339 does not take.
std::optional<WallTime> read_time(std::string text) {
    if (text.size() > 6 && (text.ends_with("+00:00") || text.ends_with("-00:00"))) {
        text.replace(text.size() - 6, 6, "Z");
    }
    const auto time = from_rfc3339(text);
    return time ? std::optional<WallTime>(*time) : std::nullopt;
}

NamedCertificate read_certificate(JsonReader& reader) {
    constexpr std::size_t kSha1Digits = 40;
    constexpr std::size_t kMostSerialDigits = 64;
    NamedCertificate named;
    named.sha1 = read_hex(reader, "certificateThumbprint", kSha1Digits);
    if (named.sha1.size() != kSha1Digits) {
        reader.fault("certificateThumbprint", "must be the SHA-1: 40 hexadecimal digits");
    }
    named.serial = read_hex(reader, "certificateSerialNumber", kMostSerialDigits);
    named.issuer = reader.text("issuingCertificateAuthority", crp_protocol::kMaxName);
    const auto end = read_time(reader.text("certificateExpirationDateUtc", 64));
    if (!end) reader.fault("certificateExpirationDateUtc", "must be a time in UTC");
    named.not_after = end.value_or(WallTime{});
    const Bytes request = reader.base64("certificateRequest", crp_protocol::kMaxDer);
    if (const auto csr = parse_csr(request)) {
        named.spki_sha256 = csr->spki_sha256;
    } else {
        reader.fault("certificateRequest", "is not one PKCS#10 request");
    }
    return named;
}

Answer record(const Call& call, const NotifyInput& input) {
    auto recorded = call.parts.verify->notify(input, call.identity());
    if (!recorded) return refuse(recorded);
    return answer_action(input.request_id, kSuccess, "");
}

Answer take_success(const Call& call) {
    auto action = read_action(call, "notification");
    if (!action) return refuse(action);
    const Json known =
        only_fields(action->body, {"transactionId", "certificateRequest", "certificateThumbprint",
                                   "certificateSerialNumber", "certificateExpirationDateUtc",
                                   "issuingCertificateAuthority"});
    JsonReader reader(known, "notification.");
    NotifyInput input;
    input.transaction_id = reader.text("transactionId", crp_protocol::kMaxId);
    input.named_certificate = read_certificate(reader);
    if (auto sound = reader.finish(); !sound) return refuse(sound);
    input.request_id = action->request_id;
    input.disposition = 0;
    return record(call, input);
}

Answer take_failure(const Call& call) {
    auto action = read_action(call, "notification");
    if (!action) return refuse(action);
    const Json known = only_fields(action->body, {"transactionId", "hResult"});
    JsonReader reader(known, "notification.");
    NotifyInput input;
    input.transaction_id = reader.text("transactionId", crp_protocol::kMaxId);
    // A 32-bit number, signed or not.
    input.hresult = static_cast<std::int32_t>(
        reader.integer("hResult", std::numeric_limits<std::int32_t>::min(),
                       std::numeric_limits<std::uint32_t>::max()));
    if (auto sound = reader.finish(); !sound) return refuse(sound);
    input.error_text = told_text(action->body, "errorDescription");
    input.request_id = action->request_id;
    input.disposition = 2;
    return record(call, input);
}

constexpr RoleSet kNdes{Role::ndes};
constexpr std::string_view kForm = "application/x-www-form-urlencoded";

constexpr Route token_route(std::string_view pattern) {
    return {"POST", pattern, kNdes, give_intune_token, false, kForm, kJsonType, prove_intune_client,
            {}};
}
constexpr Route discovery_route(std::string_view pattern) {
    return {"GET", pattern,   kNdes,     tell_intune_endpoints,
            false, kJsonType, kJsonType, prove_intune_token,
            {}};
}
constexpr Route action_route(std::string_view pattern, CallHandler handle) {
    return {"POST", pattern, kNdes, handle, true, kJsonType, kJsonType, prove_intune_token, {}};
}

constexpr std::array kRoutes{
    token_route("/{tenant}/oauth2/v2.0/token"),
    token_route("/{tenant}/oauth2/token"),
    discovery_route("/v1.0/servicePrincipals/{application}/endpoints"),
    discovery_route("/{tenant}/servicePrincipalsByAppId/{application}/serviceEndpoints"),
    action_route("/intune/ScepActions/validateRequest", validate_request),
    action_route("/intune/ScepActions/successNotification", take_success),
    action_route("/intune/ScepActions/failureNotification", take_failure),
};

}  // namespace

AdapterKind intune_adapter() {
    return {kIntuneName, Role::ndes, true, kRoutes, read_text_secret, read_intune_settings};
}

}  // namespace ndes::crp
