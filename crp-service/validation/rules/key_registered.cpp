#include "crp-service/validation/rule.h"

#include <algorithm>

namespace ndes::crp {

// For MDMs that make or attest keys: a certificate for the keys they know, and for no other.
RuleResult key_registered(const Context& context) {
    if (!context.policy.value().require_registered_key) return pass();
    const std::vector<std::string>& registered = context.device.value().registered_keys;
    if (registered.empty()) {
        return refuse("AadKeyIdentifierListMissing", "the policy wants a registered key; device " +
                                                         context.device_id + " has none");
    }
    const std::string& asked = context.csr.value().spki_sha256;
    if (std::ranges::find(registered, asked) != registered.end()) return pass();
    return refuse("RegisteredKeyMismatch", "the key " + asked + " is none of the " +
                                               std::to_string(registered.size()) +
                                               " registered for device " + context.device_id);
}

}  // namespace ndes::crp
