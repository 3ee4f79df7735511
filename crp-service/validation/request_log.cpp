#include "crp-service/validation/request_log.h"

#include <utility>

#include "common/logging/cmtrace.h"

namespace ndes::crp {
namespace {

constexpr std::size_t kMaxIdInLog = 300;

std::string in_quotes(std::string_view value) { return "'" + loggable(value, kMaxIdInLog) + "'"; }

std::string for_whom(const Context& context) {
    // With both unknown the original leaves one space.
    if (context.device_id.empty() && context.user_id.empty()) return "device and user .";
    return "device " + loggable(context.device_id, kMaxIdInLog) + " and user " +
           loggable(context.user_id, kMaxIdInLog) + ".";
}

std::string certificate_request_id(const Context& context) {
    if (context.challenge) return context.challenge->certificate_request_id;
    return context.policy ? context.policy->certificate_request_id : std::string();
}

}  // namespace

RequestLog::RequestLog(Log& log, std::string_view transaction_id, std::string_view request_id)
    : log_(log),
      fields_{{"transaction_id", std::string(transaction_id)},
              {"request_id", std::string(request_id)}} {}

void RequestLog::info(std::string_view text) { log_.write(Severity::info, text, fields_); }
void RequestLog::warning(std::string_view text) { log_.write(Severity::warning, text, fields_); }
void RequestLog::error(std::string_view text) { log_.write(Severity::error, text, fields_); }

void RequestLog::add(std::string_view name, std::string value) {
    if (!value.empty()) fields_.emplace_back(name, std::move(value));
}

void RequestLog::phase_started(Phase phase, const Context& context) {
    switch (phase) {
        case Phase::request: info("Validation Phase 1 started."); break;
        // As in the original, which reads the IDs in this phase only.
        case Phase::challenge: info("Validation Phase 2 started for device and user ."); break;
        case Phase::records: info("Validation Phase 3 started for " + for_whom(context)); break;
        case Phase::template_permission:
            info("Reading Template Permission Check from registry.");
            break;
    }
}

void RequestLog::parameters_read(const Context& context) {
    info(
        "Get Challenge Parameters from DB using query: Execute CRP_VerifyRequestParameters "
        "@vchCertificateRequestID = " +
        in_quotes(certificate_request_id(context)) +
        ", @vchDeviceID = " + in_quotes(context.device_id) +
        ", @vchUserID = " + in_quotes(context.user_id) + ", @DeviceType = 1");
}

void RequestLog::phase_passed(Phase phase) {
    // Phase 2 ends without a status in the original.
    info(phase == Phase::challenge ? std::string("Validation Phase 2 finished.")
                                   : "Validation Phase " + std::to_string(number_of(phase)) +
                                         " finished with status True.");
}

void RequestLog::refused(const Findings& findings) {
    const std::string phase = std::to_string(number_of(findings.phase));
    add("reason", std::string(findings.reason));
    add("phase", phase);
    error("Validation Phase " + phase + " finished with status False.");
    error(findings.detail.empty() ? findings.reason : std::string_view(findings.detail));
    if (const Reason* const reason = find_reason(findings.reason)) {
        warning("Reason " + std::string(reason->word) + ": " + std::string(reason->cause) + " " +
                std::string(reason->fix));
    }
}

void RequestLog::verify_finished(bool verified) {
    if (verified) {
        info("VerifyRequest Finished with status True");
    } else {
        error("VerifyRequest Finished with status False");
    }
}

}  // namespace ndes::crp
