// WatchedFiles: every certificate and revocation list that crpd works with, for the self-check and
// the metrics: who may not notice that one of them ends is found out by an outage.
// Loading: one thread, at start and reload. Value.
#pragma once

#include <string>
#include <vector>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/error.h"
#include "common/expiry/expiring.h"
#include "crp-service/config.h"

namespace ndes::crp {

struct WatchedCertificate {
    std::string use;  // "server", "client-ca", "issuing-ca", "smx-signer", "webhook-NAME-ca", …
    Certificate certificate;
};
struct WatchedCrl {
    std::string use;  // "client-crl"
    std::string issuer;
    WallTime next_update{};
};

struct WatchedFiles {
    Certificate server;  // without one in date nobody can call
    std::vector<WatchedCertificate> others = {};
    std::vector<WatchedCrl> crls = {};
    ExpiringList own = {};  // all of them, with their files
};

// What the settings name, as the files are now: certificates, CRLs and keys, also those that cannot
// be read.
ExpiringList own_files(const CrpdConfig& config);

// configuration, naming the file. Unreadable or endless CRLs (without nextUpdate) are left out.
Result<WatchedFiles> load_watched_files(const CrpdConfig& config);

}  // namespace ndes::crp
