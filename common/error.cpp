#include "common/error.h"

namespace ndes {

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::bad_request: return "bad_request";
        case ErrorCode::not_found: return "not_found";
        case ErrorCode::conflict: return "conflict";
        case ErrorCode::forbidden: return "forbidden";
        case ErrorCode::too_large: return "too_large";
        case ErrorCode::unavailable: return "unavailable";
        case ErrorCode::timeout: return "timeout";
        case ErrorCode::storage: return "storage";
        case ErrorCode::configuration: return "configuration";
        case ErrorCode::internal: return "internal";
        case ErrorCode::precondition: return "precondition";
    }
    return "internal";
}

Error Error::within(std::string_view context) && {
    text.insert(0, std::string(context) + ": ");
    return std::move(*this);
}

bool is_retryable(ErrorCode code) {
    return code == ErrorCode::unavailable || code == ErrorCode::timeout ||
           code == ErrorCode::storage;
}

}  // namespace ndes
