// Loading of the RA's certificates and keys. Knows no message. Any thread.
#pragma once

#include <filesystem>

#include "common/crypto/key_source.h"
#include "common/error.h"
#include "scep-server/message/pki_message.h"

namespace ndes::scep {

// Extended key usage Certificate Request Agent, which makes a certificate an RA's.
inline constexpr const char* kCertificateRequestAgent = "1.3.6.1.4.1.311.20.2.1";

// Reads the first certificate of each PEM file and its key (see load_key). configuration, naming
// the file, when one cannot be read, a key does not belong to its certificate, the signing
// certificate's key usage lacks digitalSignature, or the encryption certificate is not RSA or lacks
// keyEncipherment. Dates are not judged. The two pairs may be the same files.
Result<RaIdentity> load_ra_identity(const std::filesystem::path& signing_certificate,
                                    const KeySource& signing_key,
                                    const std::filesystem::path& encryption_certificate,
                                    const KeySource& decryption_key);

}  // namespace ndes::scep
