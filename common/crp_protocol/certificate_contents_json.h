// CertificateContents on the wire: the "certificate" of a positive answer.
// Knows nothing of the message around it. Pure functions; any thread.
#pragma once

#include <string>

#include "common/certificate_contents.h"
#include "common/error.h"
#include "common/strict_json.h"

namespace ndes::crp_protocol {

std::string to_json(const CertificateContents& contents);

// Strict and complete: every field must be there, each usage, name type and OID well-formed and
// named once, and the subject not empty unless there is an alternative name. bad_request with
// `path` ("certificate.") before the field's name.
Result<CertificateContents> certificate_contents_from_json(const Json& json, std::string path);

}  // namespace ndes::crp_protocol
