// Certificate revocation lists by RFC 5280 section 5: built for a CA whose key is ours, and read
// back. Knows no key, clock or file. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"
#include "scep-server/journal/revocation_reason.h"

namespace ndes::scep {

struct CrlEntry {
    std::string serial;  // as Certificate::serial()
    WallTime revoked_at{};
    RevocationReason reason = RevocationReason::unspecified;
};

struct CrlContents {
    std::int64_t number = 0;  // cRLNumber; 0 when a CRL that was read has none
    WallTime this_update{};
    WallTime next_update{};
    std::vector<CrlEntry> entries;
};

// A v2 CRL of `ca`, unsigned, with cRLNumber and authorityKeyIdentifier; reasonCode with each entry
// but unspecified ones (section 5.3.1). internal when OpenSSL cannot.
Result<X509CrlPtr> build_crl(const CrlContents& contents, const Certificate& ca);

// The inverse, of DER; a reason unknown here counts as unspecified. Verifies nothing. configuration
// when it is no CRL.
Result<CrlContents> read_crl(ByteView der);

Result<Bytes> crl_der(const X509_CRL& crl);
// PEM, as files have it. internal when `der` is no CRL.
Result<std::string> crl_pem(ByteView der);

}  // namespace ndes::scep
