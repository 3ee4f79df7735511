// CertificateAccess: GetCert and GetCRL (RFC 8894 sections 4.5, 4.6): a device fetches its own
// certificate again, or the CRL of the CA.
// Knows no CMS and no HTTP. Any thread.
#pragma once

#include <string>

#include "scep-server/enroll/attempt.h"
#include "scep-server/enroll/outcome.h"
#include "scep-server/enroll/request_reader.h"
#include "scep-server/enroll/revocation_check.h"
#include "scep-server/issuer/issuer.h"
#include "scep-server/journal/journal.h"

namespace ndes::scep {

// Who asks for what.
struct CertificateQuery {
    IssuerAndSerial wanted;
    const Certificate& signer;
    bool by_device = false;  // the signer is a valid certificate that this CA issued to a device
};

class CertificateAccess {
  public:
    // The references outlive the object.
    CertificateAccess(Journal& journal, const Issuer& issuer, const RevocationCheck& revocation,
                      std::string profile)
        : journal_(journal),
          issuer_(issuer),
          revocation_(revocation),
          profile_(std::move(profile)) {}

    // To a device of this CA whose certificate is not revoked, or to whoever holds the
    // certificate's own key: a self-signed certificate alone authenticates nobody (RFC 8894
    // section 2.4).
    Outcome get_certificate(const CertificateQuery& query, const Attempt& attempt) const;
    // To a device of this CA whose certificate is not revoked.
    Outcome get_crl(const CertificateQuery& query, const Attempt& attempt) const;

  private:
    bool names_this_ca(const CertificateQuery& query, const Attempt& attempt) const;
    // forbidden, or unavailable when it cannot be told.
    Result<void> check_device(const CertificateQuery& query) const;

    Journal& journal_;
    const Issuer& issuer_;
    const RevocationCheck& revocation_;
    std::string profile_;
};

}  // namespace ndes::scep
