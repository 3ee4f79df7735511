// RevocationCheck: whether a certificate of this CA that signs a message is revoked: by our books,
// and by the CA's CRL where somebody else makes it.
// Knows no message. Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/bytes.h"
#include "common/crypto/certificate.h"
#include "common/error.h"
#include "scep-server/issuer/issuer.h"
#include "scep-server/journal/serial_ledger.h"

namespace ndes::scep {

class RevocationCheck {
  public:
    // The references outlive the object. `reads_crl`: issuer.crl() is not made of the ledger, and
    // counts as well, also when it is out of date: what it revokes stays revoked.
    RevocationCheck(SerialLedger& ledger, const Issuer& issuer, bool reads_crl)
        : ledger_(ledger), issuer_(issuer), reads_crl_(reads_crl) {}

    // Why `certificate`, issued by this CA, is revoked; nothing if it is not. unavailable when
    // ledger or CRL cannot be read: then nobody can tell.
    Result<std::optional<RevocationReason>> reason_of(const Certificate& certificate) const;

  private:
    using Revoked = std::map<std::string, RevocationReason>;
    struct ReadCrl {
        Bytes der;
        Revoked revoked;
    };
    Result<std::shared_ptr<const ReadCrl>> read() const;

    SerialLedger& ledger_;
    const Issuer& issuer_;
    const bool reads_crl_;
    mutable std::mutex mutex_;                     // guards the pointer, held for moments
    mutable std::shared_ptr<const ReadCrl> last_;  // large ones are taken apart once
};

}  // namespace ndes::scep
