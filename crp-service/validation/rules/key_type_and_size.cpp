#include "crp-service/validation/rule.h"

namespace ndes::crp {

RuleResult key_type_and_size(const Context& context) {
    const KeyFacts& key = context.csr.value().key;
    const Policy& policy = context.policy.value();
    const KeyType wanted = policy.key_type == PolicyKeyType::rsa ? KeyType::rsa : KeyType::ec;
    if (key.type != wanted) {
        return refuse("KeyTypeMismatch", wanted == KeyType::rsa ? "the policy asks for an RSA key"
                                                                : "the policy asks for an EC key");
    }
    if (key.bits < policy.minimum_key_size) {
        return refuse("KeyLengthMismatch", "key of " + std::to_string(key.bits) +
                                               " bits; the policy asks for " +
                                               std::to_string(policy.minimum_key_size));
    }
    return pass();
}

}  // namespace ndes::crp
