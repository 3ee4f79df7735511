// OwnFiles: every certificate, revocation list and key that ndesd's settings name, as the files are
// now, for ndesd itself and for crpctl expiry, which asks when no ndesd runs.
// Loads no private key. Any thread.
#pragma once

#include <filesystem>
#include <optional>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/expiry/expiring.h"
#include "scep-server/config.h"

namespace ndes::scep {

// Uses: "device", "admin" (the listeners), "admin-client-ca", "ra-signing", "ra-encryption", "ca",
// "next-ca", "crl", "issuer-server-ca", "issuer-client", "module-client", "module-server-ca",
// "journal-key"; "…/PROFILE" when a profile has its own.
ExpiringList own_files(const Config& config, WallTime now);

// Of the RA certificates in a folder ([ra] store) the one for signing, or else for key exchange,
// that was issued last. Whether it fits otherwise is ra_store.h's to say.
struct RaFile {
    std::filesystem::path file;
    Certificate certificate;
};
std::optional<RaFile> newest_ra(const std::filesystem::path& store, bool signing, WallTime now);

// "ra-signing", or "ra-signing/routers" of a profile.
std::string use_of(const std::string& what, const std::string& profile);

}  // namespace ndes::scep
