#include "policy-module/crp_client/crp_client.h"

namespace ndes::policy {

bool is_retryable(FaultKind kind) {
    switch (kind) {
        case FaultKind::unavailable:
        case FaultKind::too_many_calls:
        case FaultKind::timeout:
        case FaultKind::name_unknown:
        case FaultKind::cannot_connect:
        case FaultKind::invalid_response: return true;
        default: return false;
    }
}

int original_error_number(FaultKind kind) {
    switch (kind) {
        case FaultKind::timeout: return 12002;           // ERROR_WINHTTP_TIMEOUT
        case FaultKind::name_unknown: return 12007;      // ERROR_WINHTTP_NAME_NOT_RESOLVED
        case FaultKind::cannot_connect: return 12029;    // ERROR_WINHTTP_CANNOT_CONNECT
        case FaultKind::certificate_date: return 12037;  // ERROR_WINHTTP_SECURE_CERT_DATE_INVALID
        case FaultKind::invalid_response: return 12152;  // ERROR_WINHTTP_INVALID_SERVER_RESPONSE
        case FaultKind::secure_failure: return 12175;    // ERROR_WINHTTP_SECURE_FAILURE
        case FaultKind::invalid_argument:
        case FaultKind::refused:
        case FaultKind::access_denied:
        case FaultKind::unavailable:
        case FaultKind::too_many_calls:
        case FaultKind::failed: break;
    }
    return 0;
}

}  // namespace ndes::policy
