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

// Below the service's own path, which is each CRP's matter.
std::string relative(std::string_view standard_path) {
    return std::string(standard_path.substr(crp_protocol::kBasePath.size()));
}

// No repetition and no other CRP would say otherwise.
bool is_final(const Fault& fault) {
    return fault.final_for_now || fault.kind == FaultKind::invalid_argument ||
           fault.kind == FaultKind::refused;
}

// A fault found in an answer belongs to where the answer came from.
template <class Reader>
auto read_from(const CrpResponse& response, const Reader& reader) {
    auto read = reader(response);
    if (!read) read.error().destination = response.destination;
    return read;
}

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

PolicyCore::PolicyCore(PolicyCoreOptions options, CrpPool& pool, const Clock& clock, Random& random,
                       Pause pause, Log& log)
    : options_(std::move(options)),
      pool_(pool),
      clock_(clock),
      random_(random),
      pause_(std::move(pause)),
      log_(log) {}

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
    const std::string where =
        fault.destination.crp.empty() ? std::string() : fault.destination.crp + ": ";
    std::string explained = where + fault.text + ".";
    if (!fault.advice.empty()) explained += " " + fault.advice;
    const int number = original_error_number(fault.kind);
    if (number == 0) {
        log_.write(severity, std::string(question.returns) + " " + explained, fields);
        return;
    }
    if (!fault.callback_flag.empty()) log_.write(severity, fault.callback_flag, fields);
    std::string what = fault.not_sent;
    if (what.empty()) what = fault.destination.path;
    if (what.empty()) what = std::string(crp_protocol::kBasePath) + question.path;
    log_.write(severity,
               "Failed to send http request " + what + ". Error " + std::to_string(number), fields);
    log_.write(severity, explained, fields);
}

template <class T>
Outcome<T> PolicyCore::tell_fault(const Question& question, Outcome<T> result) const {
    if (!result) tell(question, result.error(), Severity::error);
    return result;
}

Outcome<CrpResponse> PolicyCore::attempt(const Question& question, CrpPool::Way& way,
                                         SteadyTime deadline) {
    auto turn = pool_.next(way);
    if (!turn) return tl::unexpected(pool_.fault_of_none());
    auto response =
        turn->client().post({question.path, question.body, question.request_id, deadline});
    if (response && response->status >= 300) {
        Fault fault = fault_of_status(*response);
        if (is_final(fault)) {  // the CRP is well and has said what it thinks
            turn->succeeded();
            return response;
        }
        turn->failed(way, fault, is_retryable(fault.kind));
        return tl::unexpected(std::move(fault));
    }
    if (response)
        turn->succeeded();
    else if (is_final(response.error()))
        return response;
    else if (response.error().kind == FaultKind::too_many_calls)
        turn->put_off(way);
    else
        turn->failed(way, response.error(), is_retryable(response.error().kind));
    return response;
}

// Finds the next CRP to ask, after a pause when it has to be one that was asked already. False when
// there is none, or no time left.
bool PolicyCore::prepare_next(const Question& question, const Fault& fault, CrpPool::Way& way,
                              int number, SteadyTime last) {
    const int attempts = std::max(options_.attempts, static_cast<int>(pool_.size()));
    if (number >= attempts) return false;
    milliseconds pause{0};
    const bool elsewhere = pool_.has_next(way);
    if (!elsewhere) {
        CrpPool::begin_again(way);
        if (!pool_.has_next(way)) return false;
        pause = pause_before(number);
    }
    if (clock_.steady_now() + pause >= last) return false;
    tell(question, fault, Severity::warning);
    log_.write(Severity::warning,
               "Attempt " + std::to_string(number) + " of " + std::to_string(attempts) +
                   (elsewhere ? " failed; asking another CRP under the same request ID."
                              : " failed; sending it again under the same request ID."),
               {{"transaction_id", question.transaction_id}});
    if (pause.count() > 0) pause_(pause);
    return true;
}

Outcome<CrpResponse> PolicyCore::ask(const Question& question) {
    log_.write(Severity::info, "Sending request to certificate registration point.",
               {{"transaction_id", question.transaction_id}});
    const SteadyTime last = clock_.steady_now() + options_.total_timeout;
    CrpPool::Way way = pool_.begin();
    for (int number = 1;; ++number) {
        auto response =
            attempt(question, way, std::min(last, clock_.steady_now() + options_.attempt_timeout));
        if (response || is_final(response.error())) return response;
        if (!prepare_next(question, response.error(), way, number, last)) return response;
    }
}

Outcome<crp_protocol::VerifyAnswer> PolicyCore::verify(const crp_protocol::VerifyRequest& request) {
    const Question question{relative(crp_protocol::kVerifyPath), to_json(request),
                            request.request_id, request.transaction_id, "Verify challenge returns"};
    auto answer = check(request)
                      .and_then([&] { return ask(question); })
                      .and_then([&](const CrpResponse& response) {
                          return read_from(response, [&](const CrpResponse& from) {
                              return read_verify_answer(from, request.transaction_id);
                          });
                      });
    if (!answer) return tell_fault(question, std::move(answer));
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
    const Question question{relative(crp_protocol::kNotifyPath), to_json(request),
                            request.request_id, request.transaction_id, "Notify returns"};
    auto told = check(request)
                    .and_then([&] { return ask(question); })
                    .and_then([](const CrpResponse& response) {
                        return read_from(response, &read_notify_answer);
                    });
    return tell_fault(question, std::move(told));
}

Outcome<std::string> PolicyCore::generate_challenge(std::string_view template_name,
                                                    std::string_view params) {
    crp_protocol::GenerateChallengeRequest request{make_uuid(clock_, random_),
                                                   std::string(template_name), std::string(params)};
    const Question question{relative(crp_protocol::kGenerateChallengePath),
                            to_json(request),
                            request.request_id,
                            {},
                            "GenerateChallenge returns"};
    auto checked = params.size() <= crp_protocol::kMaxParams && template_name.size() <= kMaxId
                       ? Outcome<void>()
                       : Outcome<void>(invalid("Params or template name is over-long"));
    auto challenge =
        checked.and_then([&] { return ask(question); }).and_then([](const CrpResponse& response) {
            return read_from(response, &read_challenge_answer);
        });
    return tell_fault(question, std::move(challenge));
}

}  // namespace ndes::policy
