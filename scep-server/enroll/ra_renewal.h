// RaRenewal: new certificates before those in use end, where the CA is ours: the RA's pair in
// ra.store (ra.auto_renew) and the policy module's client certificate in its certificate_store
// (policy.renew_client). They are put beside those of before, which go on: devices may encrypt to
// the RA of before for ra.overlap, and the module takes the newest by itself.
// Each is due at ra.renew_before, though not before the last third of a certificate's life; one
// that cannot be made is tried again after an hour, and told each time.
// Knows no HTTP. One thread at a time.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/expiry/certificate_maker.h"
#include "common/logging/log.h"
#include "scep-server/config.h"

namespace ndes::scep {

// All outlive the renewal.
struct RenewalParts {
    Log& log;
    const Clock& clock;
    // "ra" or "client": a renewal was made, or could not be.
    std::function<void(const char* what, bool done)> told = [](const char*, bool) {};
    // A certificate that the profile's CA has signed and its books do not know yet.
    std::function<void(const ProfileConfig&, const Certificate&)> issued =
        [](const ProfileConfig&, const Certificate&) {};
};

class RaRenewal {
  public:
    explicit RaRenewal(RenewalParts parts) : parts_(std::move(parts)) {}

    // True when there is a new pair in the profile's folder, for the profile to take.
    bool renew_ra(const ProfileConfig& profile);

    void renew_client(const ProfileConfig& profile);

  private:
    // False while the last try to make this is not an hour ago.
    bool may_try(const std::string& what);
    void failed(const char* what, const ProfileConfig& profile, const Error& error);
    void done(const char* what, const ProfileConfig& profile, const std::filesystem::path& file);
    Result<void> make_pair(const ProfileConfig& profile, const Certificate& signing,
                           const Certificate& encryption);

    const RenewalParts parts_;
    std::map<std::string, SteadyTime> tried_;
};

}  // namespace ndes::scep
