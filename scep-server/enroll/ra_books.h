// The RA's certificates in the books of the CA. `crpctl ra renew` signs them with the CA's key
// while ndesd runs or not, and so they get there when ndesd meets them. One thread at a time.
#pragma once

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/logging/log.h"
#include "scep-server/config.h"
#include "scep-server/enroll/ra_material.h"
#include "scep-server/journal/serial_ledger.h"

namespace ndes::scep {

// The references outlive the call.
struct RaBooks {
    SerialLedger& ledger;
    Log& log;
    WallTime now{};
};

// Enters, as issued, what `ca` has signed of the certificates in use and, with ra.store, of all in
// the folder, chosen or not. Notes event 10 when one in use is revoked: the RA goes on with it, as
// clients look at no CRL, until there is another. A journal that fails is noted.
void book_ra_certificates(const RaConfig& config, const RaMaterial& ra, const Certificate& ca,
                          const RaBooks& books);

// Likewise another certificate of ours that `ca` has signed.
void book_own_certificate(const Certificate& certificate, const Certificate& ca,
                          const RaBooks& books);

}  // namespace ndes::scep
