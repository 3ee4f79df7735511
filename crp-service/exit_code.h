// Exit codes of crpd and crpctl. The same number means the same in every program.
#pragma once

#include "common/error.h"

namespace ndes::crp {

enum ExitCode : int {
    kExitOk = 0,
    kExitFailed = 1,       // could not be done; the message says why
    kExitUsage = 2,        // wrong command line
    kExitUnreachable = 3,  // the other side does not answer, or an address cannot be bound
    kExitRefused = 4,      // the other side, or what exists already, says no
};

inline ExitCode exit_code_for(ErrorCode code) {
    switch (code) {
        case ErrorCode::unavailable:
        case ErrorCode::timeout: return kExitUnreachable;
        case ErrorCode::bad_request:
        case ErrorCode::not_found:
        case ErrorCode::conflict:
        case ErrorCode::precondition:
        case ErrorCode::forbidden:
        case ErrorCode::too_large: return kExitRefused;
        case ErrorCode::storage:
        case ErrorCode::configuration:
        case ErrorCode::internal: return kExitFailed;
    }
    return kExitFailed;
}

}  // namespace ndes::crp
