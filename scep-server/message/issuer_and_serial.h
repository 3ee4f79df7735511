// IssuerAndSerialNumber (RFC 5652 section 10.2.4): what GetCert and GetCRL name a certificate by.
// Pure function; any thread.
#pragma once

#include <string>

#include "common/bytes.h"
#include "common/crypto/distinguished_name.h"
#include "common/error.h"

namespace ndes::scep {

struct IssuerAndSerial {
    DistinguishedName issuer;
    std::string serial;  // as Certificate::serial()
};

// Reads exactly one DER value; bad_request when it is not one.
Result<IssuerAndSerial> read_issuer_and_serial(ByteView der);

}  // namespace ndes::scep
