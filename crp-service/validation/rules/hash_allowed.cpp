#include "crp-service/validation/rule.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace ndes::crp {
namespace {

// A policy without a list means the family in use today.
constexpr std::array<std::string_view, 3> kUnlessListed{"SHA-256", "SHA-384", "SHA-512"};

}  // namespace

RuleResult hash_allowed(const Context& context) {
    const std::string& hash = context.csr.value().signature_hash;
    const std::vector<std::string>& listed = context.policy.value().hash_algorithms;
    const bool permitted = listed.empty()
                               ? std::ranges::find(kUnlessListed, hash) != kUnlessListed.end()
                               : std::ranges::find(listed, hash) != listed.end();
    if (permitted && !hash.empty()) return pass();
    return refuse("HashAlgorithmNotPermitted",
                  "the request is signed with " + (hash.empty() ? "an unknown hash" : hash));
}

}  // namespace ndes::crp
