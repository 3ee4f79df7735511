// PasswordPolicy: what NDES does without a policy module: whoever has a password of its cache gets
// what he asks for. Only for policy.module = "none".
// Knows no CMS and no HTTP. All functions from many threads at once.
#pragma once

#include <memory>
#include <string>

#include "common/error.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "common/secret.h"
#include "scep-server/config.h"
#include "scep-server/enroll/challenge_seal.h"
#include "scep-server/journal/password_cache.h"
#include "scep-server/policy_host/policy.h"

namespace ndes::scep {

// All outlive the policy.
struct PasswordParts {
    PasswordCache& cache;
    const ChallengeSeal& seal;
    Random& random;
    Log& log;
};

// With UseSinglePassword reads the password of EncryptedPassword, or makes the file: configuration
// with event 49 when it does not open or has another length, storage with event 51 when it cannot
// be made.
//
// verify: a renewal, and everyone when EnforcePassword is 0, is permitted; else the password must
// be the single one, or one of the cache whose usage is free. The reason of a no is one of
// policy_refusal.h. Contents are left to the request.
// notify: success uses the password up, failure frees it.
// generate_challenge: a new password; too_large when PasswordMax are out.
Result<std::unique_ptr<Policy>> make_password_policy(const MscepConfig& config,
                                                     const std::string& profile,
                                                     PasswordParts parts);

}  // namespace ndes::scep
