#include "crp-service/validation/rule.h"

namespace ndes::crp {

// Issued by us: its very octets are on record. A chain to a trusted root would let any certificate
// of the same CA renew.
RuleResult renewal_signer_known(const Context& context) {
    if (context.renewed) return pass();
    return refuse("RenewalSignerUnknown",
                  "no certificate with SHA-256 " + context.signing_sha256 + " was issued here");
}

}  // namespace ndes::crp
