// Foundation: what has to be there before there can be a service: the files that the configuration
// names, loaded and checked, and the policies. Nothing here listens or serves.
// One thread, at the start.
#pragma once

#include <memory>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "scep-server/config.h"
#include "scep-server/enroll/challenge_seal.h"
#include "scep-server/enroll/password_policy.h"
#include "scep-server/enroll/ra_renewal.h"
#include "scep-server/listeners.h"
#include "scep-server/policy_host/policy_watch.h"
#include "scep-server/profile.h"

namespace ndes::scep {

struct Foundation {
    std::vector<ProfileFiles> profiles;
    ChallengeSeal seal;
    ListenerFiles listeners;
};

// The first thing that is wrong ends it, with an error that names the file or the setting.
// `renewal`: what may renew an RA's certificates before they are loaded; null: nobody.
Result<Foundation> load_foundation(const Config& config, Log& log, const Clock& clock,
                                   Random& random, RaRenewal* renewal = nullptr);

// The policies of all profiles. A profile without settings of its own shares the first's.
struct Policies {
    std::vector<std::unique_ptr<PolicyWatch>> owned;
    std::vector<Policy*> of_profile;  // in the profiles' order

    PolicyStanding standing() const;  // of all: the worst
};

// Loads the modules, which may ask their CRP. The error names the profile's setting.
Result<Policies> load_policies(const Config& config, const Foundation& foundation,
                               const PasswordParts& parts, Log& log, const Clock& clock);

}  // namespace ndes::scep
