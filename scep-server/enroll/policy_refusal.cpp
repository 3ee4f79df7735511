#include "scep-server/enroll/policy_refusal.h"

#include "policy-module/include/ndes_policy.h"

namespace ndes::scep {

NdesEvent event_of_refusal(std::string_view reason) {
    if (reason == kPasswordUsageTaken) return kInvalidUsage;
    if (reason.empty() || reason.starts_with("Challenge") || reason.starts_with("Password"))
        return kInvalidPassword;
    return kFailCertificateRequest;
}

std::int32_t result_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::bad_request:
        case ErrorCode::too_large: return NDES_POLICY_E_INVALIDARG;
        case ErrorCode::forbidden: return NDES_POLICY_E_ACCESSDENIED;
        case ErrorCode::unavailable: return NDES_POLICY_E_UNAVAILABLE;
        case ErrorCode::timeout: return NDES_POLICY_E_TIMEOUT;
        case ErrorCode::not_found:
        case ErrorCode::conflict:
        case ErrorCode::precondition:
        case ErrorCode::storage:
        case ErrorCode::configuration:
        case ErrorCode::internal: break;
    }
    return NDES_POLICY_E_FAIL;
}

}  // namespace ndes::scep
