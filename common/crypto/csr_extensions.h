// Extensions that a PKCS#10 request asks for; used by parse_csr alone.
// Pure function; any thread.
#pragma once

#include "common/bytes.h"
#include "common/crypto/csr.h"
#include "common/error.h"

namespace ndes {

// Reads the value of an extensionRequest attribute (DER of Extensions; an empty one is fine) into
// `request`. bad_request when it is not equal to its own DER re-encoding, an extension occurs
// twice, or a known one cannot be read.
Result<void> read_requested_extensions(ByteView extensions, CertificateRequest& request);

}  // namespace ndes
