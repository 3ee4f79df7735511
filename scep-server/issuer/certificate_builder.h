// Builds the to-be-signed certificate from what a verdict permits. The request gives its public
// key, and its RDN order when the subject has the same names; nothing else of it gets in.
// Knows no key, clock or CA service. Pure function; any thread.
#pragma once

#include <string>

#include "common/bytes.h"
#include "common/certificate_contents.h"
#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/csr.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes::scep {

struct CertificateFrame {
    const Certificate* issuer = nullptr;  // never null
    Bytes serial;                         // big-endian, positive, at most 20 octets
    WallTime not_before{};
    WallTime not_after{};
};

// An X.509 v3 end-entity certificate by RFC 5280 section 4, unsigned: basicConstraints CA:FALSE
// and keyUsage critical, subjectAltName critical when the subject is empty (section 4.2.1.6),
// subject and authority key identifiers. Its key is there as octets only: to use it as a key, read
// the certificate anew from DER. bad_request names the part of `contents` that cannot be
// in such a certificate.
Result<X509Ptr> build_certificate(const CertificateContents& contents,
                                  const CertificateRequest& csr, const CertificateFrame& frame);

// Gives an unsigned certificate another serial number, big-endian as in CertificateFrame.
Result<void> set_serial(X509& certificate, ByteView serial);
std::string serial_of(const X509& certificate);  // as Certificate::serial()

}  // namespace ndes::scep
