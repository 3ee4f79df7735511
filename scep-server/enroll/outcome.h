// Outcome: what became of an enrolment request, before it is put into a CertRep.
// Value type; shared between the callers of one single flight.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/crypto/certificate.h"
#include "scep-server/message/scep_types.h"

namespace ndes::scep {

enum class OutcomeKind {
    issued,
    pending,
    refused,      // a verdict: repeating the same request cannot help
    unavailable,  // no verdict: something of ours or behind us was away; repeating may help
};

struct Outcome {
    OutcomeKind kind = OutcomeKind::unavailable;
    std::vector<Certificate> certificates;       // issued: leaf first
    Bytes crl;                                   // issued, for GetCRL: DER, instead of certificates
    std::string reply_password;                  // issued: the challenge, for a key like EC's
    FailInfo fail_info = FailInfo::bad_request;  // refused
    std::chrono::seconds retry_after{30};        // unavailable
    std::string request_id;                      // of the attempt that brought it about
};

}  // namespace ndes::scep
