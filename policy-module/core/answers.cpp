#include "policy-module/core/answers.h"

#include "common/crp_protocol/generate_challenge_v1.h"
#include "common/crp_protocol/limits.h"
#include "common/logging/cmtrace.h"
#include "common/strict_json.h"

namespace ndes::policy {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProblem = "application/problem+json";

FaultKind kind_of_status(int status) {
    switch (status) {
        case 401:
        case 403: return FaultKind::access_denied;
        case 408:
        case 425:
        case 429: return FaultKind::unavailable;
        case 409:
        case 410: return FaultKind::refused;
        case 400:
        case 413:
        case 414:
        case 415:
        case 422:
        case 431: return FaultKind::invalid_argument;
        default: break;
    }
    return status >= 500 && status <= 599 ? FaultKind::unavailable : FaultKind::failed;
}

std::string advice_for(FaultKind kind) {
    switch (kind) {
        case FaultKind::access_denied:
            return "Look whether crpd.toml lists this client certificate as a caller with the role "
                   "ndes.";
        case FaultKind::refused:
            return "Compare what the CRP has recorded of this transaction (crpctl tx show).";
        case FaultKind::unavailable:
            return "Look into the log and the health of crpd; the device may try again.";
        case FaultKind::invalid_argument:
            return "Look whether the versions of ndes_policy_crp.so and crpd fit each other.";
        default:
            return "Look whether crp.urls names the CRP itself and not a proxy or another service.";
    }
}

// A text member of the problem document, made harmless for a log; empty if it is not there.
std::string member(const Json& problem, const char* name, std::size_t limit) {
    const auto found = problem.find(name);
    if (found == problem.end() || !found->is_string()) return {};
    return loggable(found->get_ref<const std::string&>(), limit);
}

struct Explanation {
    std::string reason;  // of the problem document, else empty
    std::string text;
    std::string hint;
};

// "CallerUnknown: no caller has this certificate". A body of another kind (a proxy's page) is
// quoted at its beginning, as the original does.
Explanation explain(const CrpResponse& response) {
    const auto problem = response.content_type == kProblem
                             ? parse_json(response.body, kMaxResponseOctets)
                             : Result<Json>(fail(ErrorCode::bad_request, {}));
    if (!problem || !problem->is_object()) return {{}, loggable(response.body, 160), {}};
    Explanation told{member(*problem, "reason", 64), {}, member(*problem, "hint", 256)};
    std::string detail = member(*problem, "detail", 512);
    if (detail.empty()) detail = member(*problem, "title", 128);
    told.text = told.reason + (told.reason.empty() || detail.empty() ? "" : ": ") + detail;
    return told;
}

// IIS' number for a 403, as the original's operators know it: "403.16" is a client certificate that
// is not trusted. Empty for what has none.
std::string_view sub_status(std::string_view reason) {
    if (reason == "ClientCertificateMissing") return ".7";
    if (reason == "ClientCertificateRevoked") return ".13";
    if (reason == "ClientCrlExpired" || reason == "ClientCrlMissing") return ".13";
    if (reason == "ClientCertificateExpired" || reason == "ClientCertificateNotYetValid")
        return ".17";
    return reason.starts_with("ClientCertificate") ? ".16" : "";
}

// crpd's words for "this call is forbidden to this caller": it knows us and is well, and so is
// every other CRP with the same list of callers.
bool forbids_the_call_alone(std::string_view reason) {
    return reason == "CallerTemplateNotPermitted" || reason == "ChallengeGenerationNotPermitted";
}

tl::unexpected<Fault> not_the_wire_format(std::string what) {
    return fault(FaultKind::invalid_response, std::move(what),
                 advice_for(FaultKind::invalid_argument));
}

Outcome<void> require(const CrpResponse& response, int status, std::string_view content_type) {
    if (response.status >= 200 && response.status <= 299 && response.status != status)
        return not_the_wire_format("HTTP " + std::to_string(response.status) + " in place of " +
                                   std::to_string(status));
    if (response.status != status) return tl::unexpected(fault_of_status(response));
    if (response.content_type != content_type)
        return not_the_wire_format("Content-Type \"" + loggable(response.content_type, 64) +
                                   "\" in place of \"" + std::string(content_type) + "\"");
    return {};
}

}  // namespace

Fault fault_of_status(const CrpResponse& response) {
    Explanation told = explain(response);
    FaultKind kind = kind_of_status(response.status);
    // The path exists, the record that the call is about does not.
    if (response.status == 404 && told.reason == "RecordUnknown") kind = FaultKind::refused;
    if (response.status == 403 && forbids_the_call_alone(told.reason)) kind = FaultKind::refused;
    std::string text = "HTTP " + std::to_string(response.status);
    if (response.status == 403) text += sub_status(told.reason);
    if (!told.text.empty()) text += " " + told.text;
    Fault fault{kind, std::move(text), told.hint.empty() ? advice_for(kind) : std::move(told.hint)};
    fault.destination = response.destination;
    return fault;
}

Outcome<crp_protocol::VerifyAnswer> read_verify_answer(const CrpResponse& response,
                                                       std::string_view transaction_id) {
    if (auto as_promised = require(response, 201, kJson); !as_promised)
        return tl::unexpected(std::move(as_promised.error()));
    auto answer = crp_protocol::verify_answer_from_json(response.body, transaction_id);
    if (!answer) return not_the_wire_format("not a verdict: " + answer.error().text);
    return std::move(*answer);
}

Outcome<void> read_notify_answer(const CrpResponse& response) {
    if (response.status == 204) return {};
    return require(response, 204, {});
}

Outcome<std::string> read_challenge_answer(const CrpResponse& response) {
    if (auto as_promised = require(response, 201, kJson); !as_promised)
        return tl::unexpected(std::move(as_promised.error()));
    auto answer = crp_protocol::generate_challenge_answer_from_json(response.body);
    if (!answer) return not_the_wire_format("not a challenge: " + answer.error().text);
    if (answer->challenge.empty() || answer->challenge.size() > crp_protocol::kMaxChallenge)
        return not_the_wire_format("a challenge of " + std::to_string(answer->challenge.size()) +
                                   " octets");
    return std::move(answer->challenge);
}

}  // namespace ndes::policy
