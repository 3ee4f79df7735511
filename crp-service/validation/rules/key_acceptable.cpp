#include "crp-service/validation/rule.h"

#include "common/crypto/rsa_weakness.h"

namespace ndes::crp {
namespace {

RuleResult judge_rsa(const KeyFacts& key) {
    if (key.bits > kMostRsaBits) {
        return refuse("KeyNotAcceptable", "RSA key of " + std::to_string(key.bits) +
                                              " bits; at most " + std::to_string(kMostRsaBits));
    }
    if (!key.standard_exponent) return refuse("KeyNotAcceptable", "RSA exponent is not 65537");
    if (!key.weakness.empty()) return refuse("KeyWeak", "RSA key: " + std::string(key.weakness));
    return pass();
}

}  // namespace

// An RSA verification with a huge modulus or exponent costs seconds, so this stands before the
// self-signature. Explicit curve parameters can make a foreign key verify (CVE-2020-0601).
RuleResult key_acceptable(const Context& context) {
    const KeyFacts& key = context.csr.value().key;
    switch (key.type) {
        case KeyType::rsa: return judge_rsa(key);
        case KeyType::ec:
            if (!key.named_curve) {
                return refuse("KeyNotAcceptable", "EC key with explicit curve parameters");
            }
            if (!key.common_curve) return refuse("KeyNotAcceptable", "EC key on an uncommon curve");
            return pass();
        case KeyType::other: break;
    }
    return refuse("KeyNotAcceptable", "the key is neither RSA nor EC");
}

}  // namespace ndes::crp
