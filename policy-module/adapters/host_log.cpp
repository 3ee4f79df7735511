#include "policy-module/adapters/host_log.h"

namespace ndes::policy {
namespace {

ndes_policy_severity severity_of(Severity severity) {
    switch (severity) {
        case Severity::debug:
        case Severity::info: return NDES_POLICY_LOG_INFO;
        case Severity::warning: return NDES_POLICY_LOG_WARNING;
        case Severity::error: return NDES_POLICY_LOG_ERROR;
    }
    return NDES_POLICY_LOG_ERROR;
}

}  // namespace

void HostLog::write(Severity severity, std::string_view text, const LogFields& fields,
                    std::source_location where) {
    if (!log_) return;
    std::string_view transaction_id;
    for (const auto& [name, value] : fields)
        if (name == "transaction_id") transaction_id = value;
    log_(context_, severity_of(severity), {text.data(), text.size()},
         {transaction_id.data(), transaction_id.size()}, where.file_name(),
         static_cast<std::int32_t>(where.line()));
}

void HostLog::note(Severity severity, std::string_view text, const LogFields& fields,
                   std::source_location where) {
    write(severity, text, fields, where);
}

}  // namespace ndes::policy
