// Extensions that a PKCS#10 request asks for, or that a certificate has.
// Pure function; any thread.
#pragma once

#include "common/bytes.h"
#include "common/crypto/csr.h"
#include "common/error.h"

namespace ndes {

// Reads the contents of an extensionRequest attribute's Extensions (is_der has accepted them; none
// at all is fine) into `request`. bad_request when `critical` is written though it is FALSE, an
// extension occurs twice, or a known one cannot be read.
Result<void> read_requested_extensions(ByteView extensions, CertificateRequest& request);

}  // namespace ndes
