// What a CA answered, held against what it was asked for: whoever signs, a device gets the key,
// names and usages that the verdict permits, or nothing.
// Knows no CA and no protocol. Pure function; any thread.
#pragma once

#include <optional>
#include <string>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "scep-server/issuer/issuer.h"

namespace ndes::scep {

// Why `leaf` must not be handed out; nothing if it may be. It must be signed by `ca`, be an end
// entity's, have exactly the request's public key and the contents' subject (RDN order is free),
// alternative names and security identifier, no critical extension of another kind, be valid at
// `now`, and end at most one day after validity_days from now. Key usages and extended key usages
// are exactly those of the contents; a list that is empty there leaves them to the CA, since
// without the extension a certificate would be good for every use, save signing certificates
// and CRLs.
std::optional<std::string> fault_of_issued(const Certificate& leaf, const IssueRequest& request,
                                           const Certificate& ca, WallTime now);

}  // namespace ndes::scep
