#include "crp-service/http/problem.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/strict_json.h"

namespace ndes::crp {

namespace {

using enum ProblemCode;

constexpr ProblemKind kProblems[] = {
    {bad_request, "BadRequest", 400, "The request body is not acceptable",
     "Correct the field that the detail names.", false},
    {request_malformed, "RequestMalformed", 400, "The request is not HTTP/1.1 as it should be",
     "Look at the client, and at what stands between it and crpd.", false},
    {id_malformed, "IdMalformed", 400, "The identifier in the path is not acceptable",
     "Use 1 to 64 characters of A-Z a-z 0-9 . _ - @ : { }.", false},
    {query_malformed, "QueryMalformed", 400, "The query string is not acceptable",
     "Use the parameters that the path has, each once.", false},
    {credentials_missing, "CredentialsMissing", 401, "This path needs a credential",
     "Send what the adapter's page in crp-service/adapters asks for in the Authorization header or "
     "the body.",
     false},
    {credentials_invalid, "CredentialsInvalid", 401, "The credential is not right",
     "Compare identifier and secret with the [[caller.credential]] table; its secret files are "
     "read "
     "at once.",
     false},
    {token_expired, "TokenExpired", 401, "The access token has expired",
     "Ask the token endpoint for a new one.", false},
    {signature_missing, "WebhookSignatureMissing", 403, "The webhook is not signed",
     "Send the webhook's identifier and its signature as the adapter's page in "
     "crp-service/adapters tells.",
     false},
    {signature_invalid, "WebhookSignatureInvalid", 403, "The webhook's signature is not right",
     "Compare identifier and secret with the [[caller.credential]] table, and look for what "
     "changes "
     "the body on its way.",
     false},
    {client_certificate_missing, "ClientCertificateMissing", 403,
     "This service needs a client certificate",
     "Configure the caller's certificate and key; see crpd's client_ca_file for who may issue it.",
     false},
    {client_certificate_invalid, "ClientCertificateInvalid", 403,
     "The client certificate does not count",
     "Replace the caller's certificate; the detail has what is wrong with it.", false},
    {client_certificate_expired, "ClientCertificateExpired", 403,
     "The client certificate has expired", "Renew the caller's certificate.", false},
    {client_certificate_not_yet_valid, "ClientCertificateNotYetValid", 403,
     "The client certificate is not valid yet",
     "Check the clocks of both machines and the certificate's notBefore.", false},
    {client_certificate_self_signed, "ClientCertificateSelfSigned", 403,
     "The client certificate is self-signed",
     "Have it issued by a CA of crpd's client_ca_file, or put it there itself.", false},
    {client_certificate_untrusted, "ClientCertificateUntrusted", 403,
     "The client certificate comes from a CA that is not trusted",
     "Have it issued by a CA of crpd's client_ca_file; send the intermediate CA with it.", false},
    {client_certificate_usage, "ClientCertificateUsage", 403,
     "The client certificate is not for clients",
     "Have it issued with the extended key usage clientAuth by name; none and anyExtendedKeyUsage "
     "are not enough.",
     false},
    {client_certificate_revoked, "ClientCertificateRevoked", 403,
     "The client certificate is revoked",
     "Have a new certificate issued, for a new key if the old one is compromised.", false},
    {client_crl_expired, "ClientCrlExpired", 403,
     "The revocation list for client certificates is out of date",
     "Put the CA's current CRL into crpd's client_crl_file; it is read at once.", false},
    {client_crl_missing, "ClientCrlMissing", 403,
     "There is no revocation list of the client certificate's CA",
     "Add that CA's CRL to crpd's client_crl_file; it is read at once.", false},
    {caller_unknown, "CallerUnknown", 403, "The client certificate is not on the caller list",
     "Add its pin (crpctl caller pin FILE) to a [[caller]] table; it is read at once.", false},
    {caller_not_in_force, "CallerNotInForce", 403, "The caller's entry is not in force now",
     "Check valid_from and valid_until of the [[caller]] table.", false},
    {role_not_permitted, "RoleNotPermitted", 403, "The caller's roles do not permit this call",
     "Use a caller with one of the roles that the detail names.", false},
    {generation_not_permitted, "ChallengeGenerationNotPermitted", 403,
     "The caller may not generate challenges",
     "Set may_generate_challenges = true in the caller's table.", false},
    {template_not_permitted, "CallerTemplateNotPermitted", 403,
     "The caller may not use this template", "Add it to `templates` of the caller's table.", false},
    {record_of_another, "RecordOfAnotherCaller", 403, "The record belongs to another caller",
     "Use another identifier, or let its owner or an admin change it.", false},
    {service_online, "ServiceOnline", 403, "The certificate registration point is up",
     "There is nothing to browse here: this answer is the expected one.", false},
    {forbidden, "Forbidden", 403, "The caller may not do this", "Ask the operator.", false},
    {path_unknown, "PathUnknown", 404, "There is nothing at this path",
     "See schema/crp-v1.openapi.yaml for the paths.", false},
    {record_unknown, "RecordUnknown", 404, "The record does not exist",
     "Check the identifier; records of other owners are not shown.", false},
    {method_not_allowed, "MethodNotAllowed", 405, "The path does not have this method",
     "Use a method of the Allow header.", false},
    {not_acceptable, "NotAcceptable", 406, "The answer is JSON and nothing else",
     "Send Accept: application/json, or leave Accept out.", false},
    {request_timeout, "RequestTimeout", 408, "The request did not arrive in time",
     "Send it whole and at once.", false},
    {conflict, "Conflict", 409, "The call contradicts what is recorded",
     "Read the record and decide anew.", false},
    {challenge_in_use, "ChallengeInUse", 409, "A posted challenge is already in use",
     "Post another challenge, or let the service mint one.", false},
    {precondition_failed, "PreconditionFailed", 412,
     "The record is not the one that the call means to change",
     "Read the record again and repeat the change on what it is now.", false},
    {too_large, "TooLarge", 413, "The request is larger than permitted", "Send less at once.",
     false},
    {target_too_long, "TargetTooLong", 414, "The request target is longer than permitted",
     "Shorten the path and the query.", false},
    {content_type_unsupported, "ContentTypeUnsupported", 415, "The body must be JSON",
     "Send Content-Type: application/json.", false},
    {expectation_failed, "ExpectationFailed", 417, "Expect asks for what is not served",
     "Send no Expect, or Expect: 100-continue.", false},
    {device_unknown, "DeviceUnknown", 422, "The device is not recorded",
     "PUT /api/v1/devices/{id} first.", false},
    {user_unknown, "UserUnknown", 422, "The user is not recorded", "PUT /api/v1/users/{id} first.",
     false},
    {policy_unknown, "PolicyUnknown", 422, "The policy is not recorded",
     "PUT /api/v1/policies/{id} first.", false},
    {policy_not_assigned, "ScepProfileNoLongerTargetedToTheClient", 422,
     "The policy is assigned neither to the device nor to the user",
     "Extend the policy's assignments.", false},
    {template_mismatch, "TemplateMismatch", 422, "The policy is for another template",
     "Name a policy whose template is the one of the call.", false},
    {idempotency_key_reused, "IdempotencyKeyReused", 422,
     "The Idempotency-Key belongs to another body", "Use a new key for a new call.", false},
    {header_too_large, "HeaderTooLarge", 431, "The header fields are larger than permitted",
     "Send fewer or shorter header fields.", false},
    {internal_fault, "InternalFault", 500, "The service failed",
     "Give the instance to the operator: the log has the cause.", false},
    {configuration_fault, "ConfigurationFault", 500, "A setting of the service is wrong",
     "Give the instance to the operator: the log has the cause.", false},
    {not_implemented, "NotImplemented", 501, "The method or transfer coding is not served",
     "Use a method of the API and no transfer coding but chunked.", false},
    {unavailable, "Unavailable", 503, "The service is busy", "Repeat the call later.", true},
    {timeout, "Timeout", 503, "The service did not finish in time", "Repeat the call later.", true},
    {storage_failed, "StorageFailed", 503, "The store failed; nothing was recorded",
     "Repeat the call later; the operator finds the cause in the log.", true},
    {clock_set_back, "ClockSetBack", 503, "The service's clock is behind what was recorded",
     "Put the clock right; if it is right, stop crpd and run crpctl db confirm-clock.", true},
    {version_unsupported, "HttpVersionUnsupported", 505, "The version of HTTP is not served",
     "Use HTTP/1.1.", false},
};

constexpr bool table_is_in_order() {
    for (std::size_t i = 0; i < std::size(kProblems); ++i) {
        if (static_cast<std::size_t>(kProblems[i].code) != i) return false;
    }
    return static_cast<std::size_t>(version_unsupported) + 1 == std::size(kProblems);
}
static_assert(table_is_in_order(), "kProblems has one row for each code, in order");

ProblemCode code_for(ErrorCode code) {
    switch (code) {
        case ErrorCode::bad_request: return bad_request;
        case ErrorCode::not_found: return record_unknown;
        case ErrorCode::conflict: return conflict;
        case ErrorCode::precondition: return precondition_failed;
        case ErrorCode::forbidden: return forbidden;
        case ErrorCode::too_large: return too_large;
        case ErrorCode::unavailable: return unavailable;
        case ErrorCode::timeout: return timeout;
        case ErrorCode::storage: return storage_failed;
        case ErrorCode::configuration: return configuration_fault;
        case ErrorCode::internal: return internal_fault;
    }
    return internal_fault;
}

// The JSON Pointer (RFC 6901) of the field that a strict reader names in front of its text:
// "[3].expected.subject: is empty" → "/3/expected/subject". Nothing when it names none.
std::optional<std::string> pointer_in(std::string_view detail) {
    constexpr std::string_view kUnknown = "unknown field \"";
    std::string_view field = detail.substr(0, detail.find(": "));
    if (detail.starts_with(kUnknown)) {
        field = detail.substr(kUnknown.size());
        field = field.substr(0, field.rfind('"'));
    }
    if (field.size() == detail.size()) return std::nullopt;
    if (field == "message") return "";  // the body as a whole
    std::string pointer;
    bool at_step = true;
    for (const char c : field) {
        if (c == '.' || c == '[') {
            at_step = true;
        } else if (c == '~' || c == '/') {
            pointer += c == '~' ? "~0" : "~1";
        } else if (c != ']') {
            const bool is_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '_';
            if (!is_name) return std::nullopt;  // the name of a header, or a sentence
            if (std::exchange(at_step, false)) pointer += '/';
            pointer += c;
        }
    }
    return pointer;
}

constexpr std::chrono::seconds kRetryAfter{5};  // when the error does not say
constexpr std::string_view kAuthenticate = "Bearer realm=\"crp\", Basic realm=\"crp\"";

}  // namespace

std::span<const ProblemKind> all_problems() { return kProblems; }

const ProblemKind& kind_of(ProblemCode code) { return kProblems[static_cast<std::size_t>(code)]; }

Problem::Problem(Error error)
    : code(code_for(error.code)),
      operator_detail(std::move(error.detail)),
      retry_after(error.retry_after) {
    if (kind_of(code).status < 500) {
        detail = std::move(error.text);
        return;
    }
    detail = kind_of(code).title;
    operator_detail = operator_detail.empty() ? error.text : error.text + ": " + operator_detail;
}

http::Response to_response(const Problem& problem, std::string_view instance) {
    const ProblemKind& kind = kind_of(problem.code);
    Json body = {{"type", "urn:ndes-crp:problem:" + std::string(kind.reason)},
                 {"title", kind.title},
                 {"status", kind.status},
                 {"detail", problem.detail},
                 {"instance", instance},
                 {"reason", kind.reason},
                 {"hint", kind.hint},
                 {"retryable", kind.retryable}};
    if (problem.code == bad_request) {
        if (auto pointer = pointer_in(problem.detail)) body["pointer"] = std::move(*pointer);
    }
    if (!problem.oauth_error.empty()) {
        body["error"] = problem.oauth_error;
        body["error_description"] = problem.detail;
    }
    http::Response response;
    response.status = kind.status;
    response.content_type = "application/problem+json";
    response.body = body.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (kind.retryable) {
        response.headers.emplace_back(
            "Retry-After", std::to_string(problem.retry_after.value_or(kRetryAfter).count()));
    }
    if (!problem.allow.empty()) response.headers.emplace_back("Allow", problem.allow);
    if (kind.status == 401) response.headers.emplace_back("WWW-Authenticate", kAuthenticate);
    return response;
}

Problem transport_problem(int status) {
    constexpr ProblemCode kOfTransport[] = {
        request_malformed, method_not_allowed, request_timeout,
        too_large,         target_too_long,    expectation_failed,
        header_too_large,  not_implemented,    version_unsupported};
    for (const ProblemCode code : kOfTransport) {
        if (kind_of(code).status == status) {
            return {code, "the request was refused before it was read whole"};
        }
    }
    return {internal_fault, "the transport answered " + std::to_string(status)};
}

tl::unexpected<Problem> refuse(ProblemCode code, std::string text) {
    return tl::unexpected<Problem>(Problem(code, std::move(text)));
}

}  // namespace ndes::crp
