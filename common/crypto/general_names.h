// Subject alternative names between their encoding and ours, compared as structures.
// Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/certificate_contents.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

// Windows security identifier: the certificate extension, and the type in it ([MS-WCCE] section
// 2.2.2.7.7.4).
inline constexpr const char* kOidSecurityIdentifierExtension = "1.3.6.1.4.1.311.25.2";
inline constexpr const char* kOidSecurityIdentifier = "1.3.6.1.4.1.311.25.2.1";

// Most names of one certificate or request.
inline constexpr std::size_t kMaxAltNames = 128;

// Reads a subjectAltName extension's value, the DER of GeneralNames. bad_request when it is not
// that, is empty or has more than kMaxAltNames, on a kind that SubjectAltNameType does not have
// (another otherName, directoryName, …), on NUL, control or non-Unicode characters.
Result<std::vector<SubjectAltName>> read_general_names(ByteView names);

// Builds OpenSSL's form. bad_request on a value that the type cannot hold (not an IP address,
// non-ASCII DNS name, …).
Result<GeneralNamesPtr> to_general_names(const std::vector<SubjectAltName>& names);

// The extension kOidSecurityIdentifierExtension, not critical, that binds a
// certificate to the account of this security identifier ("S-1-5-21-…").
Result<X509ExtensionPtr> security_identifier_extension(const std::string& sid);

// Equal as sets; DNS names and the host part of e-mail addresses ignore ASCII case, IP addresses
// compare by value, everything else exactly.
bool same_alt_names(const std::vector<SubjectAltName>& a, const std::vector<SubjectAltName>& b);

// True if every element of `part` is in `whole` under the same comparison.
bool includes_alt_names(const std::vector<SubjectAltName>& whole,
                        const std::vector<SubjectAltName>& part);

}  // namespace ndes
