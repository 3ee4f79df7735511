// Profile: one SCEP URL with all that serves it: issuer, RA, policy, enrolment, endpoint.
// Knows no listener. load_profile_files runs at start; a Profile is used from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/clock.h"
#include "common/error.h"
#include "common/http_server/http_message.h"
#include "common/logging/log.h"
#include "common/random.h"
#include "scep-server/config.h"
#include "scep-server/enroll/certificate_access.h"
#include "scep-server/enroll/challenge_seal.h"
#include "scep-server/enroll/enroll_observer.h"
#include "scep-server/enroll/enrollment.h"
#include "scep-server/enroll/issuance.h"
#include "scep-server/enroll/ra_material.h"
#include "scep-server/enroll/revocation_check.h"
#include "scep-server/http/scep_endpoint.h"
#include "scep-server/issuer/issuer.h"
#include "scep-server/journal/journal.h"
#include "scep-server/policy_host/policy.h"

namespace ndes::scep {

// What a profile's settings name, loaded and checked.
struct ProfileFiles {
    std::unique_ptr<Issuer> issuer;
    std::shared_ptr<const RaMaterial> ra;
    std::string ca_name;  // CAInfo's, or the CA's own
};

// Notes the event of the original for what is wrong: 8 (the CA), 9 (its certificate), 10 (an RA
// certificate), 7 (the next CA's), 46 (HashAlgorithm).
Result<ProfileFiles> load_profile_files(const ProfileConfig& config, Log& log, const Clock& clock,
                                        Random& random);

// All outlive the profile.
struct ProfileParts {
    Policy& policy;
    Journal& journal;
    const ChallengeSeal& seal;
    Log& log;
    const Clock& clock;
    Random& random;
    std::function<void()> notify_recorded;
    std::function<bool()> notify_room;
    EnrollObserver& observer;
};

class Profile {
  public:
    Profile(const ProfileConfig& config, ProfileFiles files, ProfileParts parts);
    Profile(const Profile&) = delete;
    Profile& operator=(const Profile&) = delete;

    http::Response handle(const http::Request& request, const http::Peer& peer) {
        return endpoint_.handle(request, peer);
    }

    // Takes the CA's, the RA's and the next CA's files anew; what is wrong is noted, and what was
    // in use stays. True when nothing was wrong.
    bool reload();
    void warn_of_dates() const;  // events 34, 35
    // Enters the RA's certificates in the CA's books, of a CA whose key is ours; event 10 when one
    // in use is revoked there. Once at the start, when the books have what CRLs found then say.
    void book_ra();
    // Enters a certificate of ours that this profile's CA has signed in the CA's books.
    void book(const Certificate& certificate);
    // Ends what the RA's earlier keys still open, each at its time.
    void tend();

    const ProfileConfig& config() const { return config_; }
    const Issuance& issuance() const { return issuance_; }
    const Issuer& issuer() const { return *issuer_; }
    std::shared_ptr<const RaMaterial> ra() const { return ra_.get(); }
    EnrollmentCounters counters() const { return enrollment_.counters(); }
    int ra_days_left() const;

  private:
    const ProfileConfig config_;
    Log& log_;
    const Clock& clock_;
    SerialLedger& ledger_;
    std::unique_ptr<Issuer> issuer_;
    CurrentRa ra_;
    RevocationCheck revocation_;
    Issuance issuance_;
    CertificateAccess access_;
    Enrollment enrollment_;
    ScepEndpoint endpoint_;
};

}  // namespace ndes::scep
