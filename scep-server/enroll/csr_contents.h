// The contents of a certificate taken from the request itself: only for a policy module that says
// yes and leaves the contents to its host. Pure function; any thread.
#pragma once

#include <string>

#include "common/certificate_contents.h"
#include "common/crypto/csr.h"
#include "common/error.h"

namespace ndes::scep {

// Subject, names and usages as asked for; without a key usage digitalSignature and, for a key that
// can, keyEncipherment (NDES' 0xa0). bad_request when the request wants to be a CA or holds a
// critical extension that would be dropped silently.
Result<CertificateContents> contents_from_request(const CertificateRequest& csr,
                                                  const std::string& template_name,
                                                  int validity_days);

}  // namespace ndes::scep
