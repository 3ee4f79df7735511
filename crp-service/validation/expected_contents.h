// ExpectedContents: what a certificate shall say, from the policy record and the challenge's
// overrides with every {{Variable}} replaced. The CSR has no part in it.
// Knows no store, JSON or CSR. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/certificate_contents.h"
#include "common/crypto/distinguished_name.h"
#include "crp-service/domain/challenge.h"
#include "crp-service/domain/records.h"

namespace ndes::crp {

struct ExpectedContents {
    CertificateContents contents;
    DistinguishedName subject;  // contents.subject, parsed
    // Empty when complete; else a reason of the catalogue and what is wrong where.
    std::string_view reason;
    std::string detail;
};

// `user`: null for a device without a user. Reasons: VariableUnknown, VariableWithoutValue,
// ExpectedContentsInvalid.
ExpectedContents expected_contents(const Policy& policy, const Device& device, const User* user,
                                   const ExpectedOverrides& overrides);

// True if every {{Variable}} in `text` exists, whatever its value; for checks of a posted policy.
// `unknown` receives the first that does not.
bool has_known_variables(std::string_view text, std::string& unknown);

}  // namespace ndes::crp
