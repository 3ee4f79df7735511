#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult renewal_signer_valid(const Context& context) {
    const IssuedCertificate& renewed = context.renewed.value();
    if (renewed.revoked) {
        return refuse("RenewalSignerRevoked", "certificate " + renewed.serial + " is revoked");
    }
    if (context.now >= renewed.not_after) {
        return refuse("RenewalSignerExpired", "certificate " + renewed.serial + " expired " +
                                                  to_rfc3339(renewed.not_after) + ", now " +
                                                  to_rfc3339(context.now));
    }
    if (context.now + context.options.clock_tolerance < renewed.not_before) {
        return refuse("RenewalSignerNotYetValid", "certificate " + renewed.serial + " begins " +
                                                      to_rfc3339(renewed.not_before) + ", now " +
                                                      to_rfc3339(context.now));
    }
    return pass();
}

}  // namespace ndes::crp
