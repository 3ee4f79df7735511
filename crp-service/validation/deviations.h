// Deviations: in what an issued certificate says something else than what was verified. The CA's
// profile decides in the end what it signs; the CRP can only tell.
// Compared: subject (order of RDNs is free), alternative names, key usages, extended key usages
// (where the decision names none, the CA chooses), security identifier, and whether it is a CA's.
// Dates and what CAs add of their own (basicConstraints, key identifiers, CRL and OCSP addresses,
// policies) are not. Pure function; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/certificate_contents.h"
#include "common/crypto/certificate_facts.h"

namespace ndes::crp {

struct Deviation {
    std::string_view field;  // as in the audit's facts: "subject", "san", "key_usage", …
    std::string issued;      // as text, "" when it has none
    std::string verified;
};

// `facts`: of the same certificate. One whose extensions cannot be read deviates in "extensions".
std::vector<Deviation> deviations_of(ByteView certificate, const CertificateFacts& facts,
                                     const CertificateContents& verified);

// "subject san"
std::string fields_of(const std::vector<Deviation>& deviations);

// For the log: "The issued certificate is not what was verified: subject is …, verified was …".
std::string line_of(const std::vector<Deviation>& deviations);

}  // namespace ndes::crp
