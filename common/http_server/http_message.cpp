#include "common/http_server/http_message.h"

namespace ndes::http {

std::string_view Request::header(std::string_view name) const {
    for (const auto& [header_name, value] : headers) {
        if (header_name == name) return value;
    }
    return {};
}

}  // namespace ndes::http
