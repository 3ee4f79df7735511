// step_ca: step-ca's SCEP provisioner asks through its webhooks SCEPCHALLENGE (may this be issued?)
// and tells through NOTIFYING (what became of it). Its messages grow with its versions, so unknown
// fields pass; what is read is read strictly.
#include <array>
#include <limits>
#include <optional>

#include "common/crp_protocol/certificate_contents_json.h"
#include "common/crp_protocol/limits.h"
#include "common/crypto/csr.h"
#include "common/crypto/digest.h"
#include "crp-service/adapters/adapter_list.h"
#include "crp-service/adapters/foreign_json.h"

namespace ndes::crp {

namespace {

constexpr std::string_view kName = "step_ca";
constexpr std::size_t kLeastSecretOctets = 16;
constexpr std::size_t kMostSecretOctets = 64;
constexpr std::int32_t kUnspecifiedFailure = -2147467259;  // E_FAIL: step-ca tells no number

// X-Smallstep-Signature: hex of HMAC-SHA-256 over the exact body.
tl::expected<std::string, Problem> prove(const http::Request& request, const LiveParts& parts,
                                         WallTime) {
    const std::string_view id = request.header("x-smallstep-webhook-id");
    const std::string_view signature = request.header("x-smallstep-signature");
    if (id.empty() || signature.empty()) {
        return refuse(ProblemCode::signature_missing,
                      "X-Smallstep-Webhook-ID and X-Smallstep-Signature must both be there");
    }
    const auto mac = from_hex(signature);
    const Credential* credential = parts.credentials.find(kName, id);
    if (mac && credential && credential->signs(as_bytes(request.body), *mac)) {
        return credential->caller;
    }
    Problem problem(ProblemCode::signature_invalid,
                    "no webhook of this ID and a secret that makes this signature is known");
    problem.operator_detail = credential ? "the webhook ID is known" : "the webhook ID is unknown";
    return tl::unexpected(std::move(problem));
}

Result<Secret> read_secret(std::string_view text) {
    auto octets = from_base64(text);
    if (!octets || octets->size() < kLeastSecretOctets || octets->size() > kMostSecretOctets) {
        return fail(ErrorCode::configuration,
                    "must hold the webhook's secret as step shows it: base64 of 16 to 64 octets");
    }
    return Secret(std::move(*octets));
}

// The field `raw` of the object `name`: DER. Nothing without the object.
Result<std::optional<Bytes>> read_raw(const Json& body, const char* name) {
    const Json holder = only_fields(body, {name});
    JsonReader outer(holder);
    const Json* object = outer.optional_object(name);
    if (auto sound = outer.finish(); !sound) return pass_on(sound);
    if (object == nullptr) return std::nullopt;
    const Json known = only_fields(*object, {"raw"});
    JsonReader reader(known, std::string(name) + ".");
    Bytes raw = reader.base64("raw", crp_protocol::kMaxDer);
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    return std::optional<Bytes>(std::move(raw));
}

// The rules judge the request's own challenge; the field beside it must not say something else.
Result<void> check_challenge(const Json& body, const Bytes& request) {
    const auto field = body.find("scepChallenge");
    std::string told;
    if (field != body.end() && !field->is_null()) {
        if (!field->is_string()) {
            return fail(ErrorCode::bad_request, "scepChallenge: must be a text");
        }
        told = without_line_ends(field->get<std::string>());
    }
    const auto csr = parse_csr(request);
    if (!csr) return {};  // refused by the first rule
    const std::string own = without_line_ends(csr->challenge.value_or(""));
    if (equal_constant_time(as_bytes(told), as_bytes(own))) return {};
    return fail(ErrorCode::bad_request,
                "scepChallenge: is not the challenge of x509CertificateRequest.raw");
}

// step-ca repeats a call with the same octets, its time among them, and with other octets when the
// device asks anew. So the body's digest is what tells repetitions from new questions.
std::string request_id_of(const Call& call) { return sha256_hex(as_bytes(call.request.body)); }

Result<VerifyInput> read_question(const Call& call) {
    auto body = call.json();
    if (!body) return pass_on(body);
    const Json known = only_fields(*body, {"scepTransactionID", "provisionerName"});
    JsonReader reader(known);
    VerifyInput input;
    input.transaction_id = reader.text("scepTransactionID", crp_protocol::kMaxId);
    input.ca_name = reader.optional_text("provisionerName", crp_protocol::kMaxId).value_or("");
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    auto raw = read_raw(*body, "x509CertificateRequest");
    if (!raw) return pass_on(raw);
    if (!*raw) return fail(ErrorCode::bad_request, "x509CertificateRequest: is missing");
    input.certificate_request = std::move(**raw);
    if (auto same = check_challenge(*body, input.certificate_request); !same) return pass_on(same);
    input.request_id = request_id_of(call);
    input.template_name = call.caller.templates.front();
    return input;
}

// 200 in any case: step-ca takes another status for a check that could not be made.
Answer answer_question(const Call& call) {
    auto input = read_question(call);
    if (!input) return refuse(input);
    auto decision = call.parts.verify->verify(*input, call.identity());
    if (!decision) return refuse(decision);
    Json data = {{"decisionId", decision->id}, {"transactionId", decision->transaction_id}};
    if (!decision->verified) {
        return json_response(
            200, {{"allow", false},
                  {"data", std::move(data)},
                  {"error", {{"code", decision->reason}, {"message", decision->detail}}}});
    }
    if (decision->contents) {
        data["certificate"] = Json::parse(crp_protocol::to_json(*decision->contents));
    }
    return json_response(200, {{"allow", true}, {"data", std::move(data)}});
}

Result<NotifyInput> read_notice(const Call& call) {
    auto body = call.json();
    if (!body) return pass_on(body);
    const Json known = only_fields(*body, {"scepTransactionID", "scepErrorCode"});
    JsonReader reader(known);
    NotifyInput input;
    input.transaction_id = reader.text("scepTransactionID", crp_protocol::kMaxId);
    input.error_text = told_text(*body, "scepErrorDescription");
    const auto code = reader.integer_or("scepErrorCode", kUnspecifiedFailure,
                                        std::numeric_limits<std::int32_t>::min(),
                                        std::numeric_limits<std::int32_t>::max());
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    auto raw = read_raw(*body, "x509Certificate");
    if (!raw) return pass_on(raw);
    input.request_id = request_id_of(call);
    input.disposition = *raw ? 0 : 2;
    input.hresult = *raw ? 0 : code == 0 ? kUnspecifiedFailure : static_cast<std::int32_t>(code);
    input.certificate = std::move(*raw);
    return input;
}

// step-ca reads this answer as that of a question, so it has a body.
Answer take_notice(const Call& call) {
    auto input = read_notice(call);
    if (!input) return refuse(input);
    auto recorded = call.parts.verify->notify(*input, call.identity());
    if (!recorded) return refuse(recorded);
    return json_response(200, {{"allow", true}});
}

constexpr RoleSet kNdes{Role::ndes};
constexpr std::array kRoutes{
    Route{.method = "POST",
          .pattern = "/step-ca/scepchallenge",
          .roles = kNdes,
          .handle = answer_question,
          .prove = prove},
    Route{.method = "POST",
          .pattern = "/step-ca/notifying",
          .roles = kNdes,
          .handle = take_notice,
          .prove = prove},
};

}  // namespace

AdapterKind step_ca_adapter() {
    return {kName, Role::ndes, true, kRoutes, read_secret, read_no_settings};
}

}  // namespace ndes::crp
