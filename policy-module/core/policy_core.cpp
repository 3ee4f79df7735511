#include "policy-module/core/policy_core.h"

#include <algorithm>

#include "common/crp_protocol/generate_challenge_v1.h"
#include "common/crp_protocol/limits.h"
#include "common/logging/cmtrace.h"
#include "policy-module/core/answers.h"

namespace ndes::policy {
namespace {

using crp_protocol::kMaxDer;
using crp_protocol::kMaxId;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{50};
constexpr milliseconds kLongestPause{1'000};

// Goes into an HTTP header: no octet in it may end one.
bool is_visible_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

tl::unexpected<Fault> invalid(std::string what) {
    return fault(FaultKind::invalid_argument, std::move(what),
                 "The NDES server passed it wrongly.");
}

Outcome<void> check_identifiers(std::string_view transaction_id, std::string_view request_id) {
    if (transaction_id.empty() || transaction_id.size() > kMaxId)
        return invalid("the transaction ID must have 1 to 255 octets");
    if (request_id.empty() || request_id.size() > kMaxId || !is_visible_ascii(request_id))
        return invalid("the request ID must be 1 to 255 visible ASCII characters");
    return {};
}

Outcome<void> check(const crp_protocol::VerifyRequest& request) {
    if (request.certificate_request.empty() || request.certificate_request.size() > kMaxDer)
        return invalid("the certificate request must have 1 to 65536 octets");
    if (request.signing_certificate &&
        (request.signing_certificate->empty() || request.signing_certificate->size() > kMaxDer))
        return invalid("the signing certificate must have 1 to 65536 octets");
    return check_identifiers(request.transaction_id, request.request_id);
}

Outcome<void> check(const crp_protocol::NotifyRequest& request) {
    const bool success = request.disposition == crp_protocol::Disposition::success;
    if (success != request.certificate.has_value())
        return invalid("a certificate belongs to a success and to nothing else");
    if (request.certificate && request.certificate->size() > kMaxDer)
        return invalid("the certificate must have at most 65536 octets");
    return check_identifiers(request.transaction_id, request.request_id);
}

}  // namespace

PolicyCore::PolicyCore(PolicyCoreOptions options, CrpClient& client, const Clock& clock,
                       Random& random, Pause pause, Log& log)
    : options_(std::move(options)),
      client_(client),
      clock_(clock),
      random_(random),
      pause_(std::move(pause)),
      log_(log) {}

std::string PolicyCore::path_of(std::string_view standard_path) const {
    return options_.base_path + std::string(standard_path.substr(crp_protocol::kBasePath.size()));
}

// Full jitter: many servers that lost the same CRP must not come back in step.
milliseconds PolicyCore::pause_before(int next_attempt) const {
    const milliseconds most =
        std::min(kLongestPause, kFirstPause * (1 << std::min(next_attempt, 10)));
    const Bytes octets = random_.bytes(2);
    const auto share = static_cast<unsigned>(octets[0] << 8 | octets[1]);
    return milliseconds(most.count() * share / 0xffff);
}

void PolicyCore::tell(const Question& question, const Fault& fault, Severity severity) const {
    const LogFields fields{{"transaction_id", question.transaction_id},
                           {"request_id", question.request_id}};
    std::string explained = fault.text + ".";
    if (!fault.advice.empty()) explained += " " + fault.advice;
    if (const int number = original_error_number(fault.kind); number != 0) {
        const std::string& what = fault.not_sent.empty() ? question.path : fault.not_sent;
        log_.write(severity,
                   "Failed to send http request " + what + ". Error " + std::to_string(number),
                   fields);
        log_.write(severity, explained, fields);
        return;
    }
    log_.write(severity, std::string(question.returns) + " " + explained, fields);
}

Outcome<CrpResponse> PolicyCore::attempt(const Question& question, SteadyTime deadline) {
    auto response = client_.post({question.path, question.body, question.request_id, deadline});
    if (!response) return response;
    Fault fault = fault_of_status(*response);
    if (response->status >= 300 && is_retryable(fault.kind))
        return tl::unexpected(std::move(fault));
    return response;
}

Outcome<CrpResponse> PolicyCore::ask(const Question& question) {
    log_.write(Severity::info, "Sending request to certificate registration point.",
               {{"transaction_id", question.transaction_id}});
    const SteadyTime last = clock_.steady_now() + options_.total_timeout;
    for (int number = 1;; ++number) {
        auto response =
            attempt(question, std::min(last, clock_.steady_now() + options_.attempt_timeout));
        if (response) return response;
        const milliseconds pause = pause_before(number);
        if (!is_retryable(response.error().kind) || number >= options_.attempts ||
            clock_.steady_now() + pause >= last)
            return response;
        tell(question, response.error(), Severity::warning);
        log_.write(Severity::warning,
                   "Attempt " + std::to_string(number) + " of " +
                       std::to_string(options_.attempts) +
                       " failed; sending it again under the same request ID.",
                   {{"transaction_id", question.transaction_id}});
        pause_(pause);
    }
}

Outcome<crp_protocol::VerifyAnswer> PolicyCore::verify(const crp_protocol::VerifyRequest& request) {
    const Question question{path_of(crp_protocol::kVerifyPath), to_json(request),
                            request.request_id, request.transaction_id, "Verify challenge returns"};
    auto answer = check(request)
                      .and_then([&] { return ask(question); })
                      .and_then([&](const CrpResponse& response) {
                          return read_verify_answer(response, request.transaction_id);
                      });
    if (!answer) {
        tell(question, answer.error(), Severity::error);
        return answer;
    }
    const LogFields fields{{"transaction_id", request.transaction_id},
                           {"request_id", request.request_id},
                           {"reason", answer->reason}};
    log_.write(Severity::info,
               std::string("Verify challenge returns ") + (answer->verified ? "true" : "false"),
               fields);
    if (!answer->verified)
        log_.write(Severity::warning,
                   "Reason " + loggable(answer->reason, 64) + " in phase " +
                       std::to_string(answer->phase) + ", decision " +
                       loggable(answer->decision_id, 64) + ": " + loggable(answer->detail),
                   fields);
    return answer;
}

Outcome<void> PolicyCore::notify(const crp_protocol::NotifyRequest& request) {
    const Question question{path_of(crp_protocol::kNotifyPath), to_json(request),
                            request.request_id, request.transaction_id, "Notify returns"};
    auto told =
        check(request)
            .and_then([&] { return ask(question); })
            .and_then([](const CrpResponse& response) { return read_notify_answer(response); });
    if (!told) tell(question, told.error(), Severity::error);
    return told;
}

Outcome<std::string> PolicyCore::generate_challenge(std::string_view template_name,
                                                    std::string_view params) {
    crp_protocol::GenerateChallengeRequest request{make_uuid(clock_, random_),
                                                   std::string(template_name), std::string(params)};
    const Question question{path_of(crp_protocol::kGenerateChallengePath),
                            to_json(request),
                            request.request_id,
                            {},
                            "GenerateChallenge returns"};
    auto checked = params.size() <= crp_protocol::kMaxParams && template_name.size() <= kMaxId
                       ? Outcome<void>()
                       : Outcome<void>(invalid("Params or template name is over-long"));
    auto challenge =
        checked.and_then([&] { return ask(question); }).and_then([](const CrpResponse& response) {
            return read_challenge_answer(response);
        });
    if (!challenge) tell(question, challenge.error(), Severity::error);
    return challenge;
}

}  // namespace ndes::policy
