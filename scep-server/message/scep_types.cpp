#include "scep-server/message/scep_types.h"

namespace ndes::scep {

std::string_view to_string(FailInfo info) {
    switch (info) {
        case FailInfo::bad_alg: return "badAlg";
        case FailInfo::bad_message_check: return "badMessageCheck";
        case FailInfo::bad_request: return "badRequest";
        case FailInfo::bad_time: return "badTime";
        case FailInfo::bad_cert_id: return "badCertId";
    }
    return "badRequest";
}

}  // namespace ndes::scep
