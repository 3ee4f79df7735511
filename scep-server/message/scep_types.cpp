#include "scep-server/message/scep_types.h"

namespace ndes::scep {

std::string_view to_string(MessageType type) {
    switch (type) {
        case MessageType::cert_rep: return "CertRep";
        case MessageType::renewal_req: return "RenewalReq";
        case MessageType::pkcs_req: return "PKCSReq";
        case MessageType::cert_poll: return "CertPoll";
        case MessageType::get_cert: return "GetCert";
        case MessageType::get_crl: return "GetCRL";
    }
    return "unknown";
}

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
