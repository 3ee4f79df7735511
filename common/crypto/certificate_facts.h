// CertificateFacts: what a record of a certificate needs, read without making OpenSSL decode the
// certificate's key, which takes longer than all the rest. Nothing is verified; use Certificate
// where a certificate has to be trusted. Value type and pure function; any thread.
#pragma once

#include <string>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/crypto/csr.h"
#include "common/error.h"

namespace ndes {

// Longest certificate that is read, here and by Certificate.
inline constexpr std::size_t kMaxCertificate = 64 * 1024;

struct CertificateFacts {
    std::string sha256;       // hex of SHA-256 over the DER
    std::string sha1;         // hex; "thumbprint" as Windows shows it
    std::string serial;       // hex, no leading zeros dropped from octets, lower case
    std::string spki_sha256;  // hex of SHA-256 over SubjectPublicKeyInfo
    std::string subject;      // RFC 4514, "" if unreadable
    std::string issuer;
    WallTime not_before{};
    WallTime not_after{};
};

// What its extensions say, in the terms of a request that asks for them; all else of the result is
// empty. bad_request as below, and when the extensions or a known one cannot be read.
Result<CertificateRequest> read_certificate_extensions(ByteView der);

// Each fact as Certificate has it, whatever its extensions are like. bad_request when the octets
// are not exactly one certificate.
Result<CertificateFacts> read_certificate_facts(ByteView der);

}  // namespace ndes
