// Subject alternative names between OpenSSL's form and ours, compared as structures.
// Pure functions; any thread.
#pragma once

#include <vector>

#include "common/certificate_contents.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

// Reads a subjectAltName extension's value. bad_request on a kind that SubjectAltNameType does
// not have (another otherName, directoryName, …), on NUL, control or non-Unicode characters.
Result<std::vector<SubjectAltName>> from_general_names(const GENERAL_NAMES* names);

// Builds OpenSSL's form. bad_request on a value that the type cannot hold (not an IP address,
// non-ASCII DNS name, …).
Result<GeneralNamesPtr> to_general_names(const std::vector<SubjectAltName>& names);

// Equal as sets; DNS names and the host part of e-mail addresses ignore ASCII case, IP addresses
// compare by value, everything else exactly.
bool same_alt_names(const std::vector<SubjectAltName>& a, const std::vector<SubjectAltName>& b);

// True if every element of `part` is in `whole` under the same comparison.
bool includes_alt_names(const std::vector<SubjectAltName>& whole,
                        const std::vector<SubjectAltName>& part);

}  // namespace ndes
