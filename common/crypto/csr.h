// CertificateRequest: a PKCS#10 request (RFC 2986) read into plain facts.
// Reads, does not judge: what is permitted is decided by the rules of crp-service/validation, and
// every irregularity that a rule needs to see is kept as a fact. Value type; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/certificate_contents.h"
#include "common/crypto/distinguished_name.h"
#include "common/crypto/key.h"
#include "common/error.h"

namespace ndes {

// A sealed challenge is a base64 CMS message; PKCS#9's bound of 255 is for a person's password.
inline constexpr std::size_t kMaxChallengeOctets = 16 * 1024;

struct CertificateRequest {
    // Made by parse_csr once; null when `key` is not usable (see is_usable).
    std::shared_ptr<EVP_PKEY> public_key;
    Bytes der;
    std::string sha256;       // hex over the DER
    Bytes spki;               // SubjectPublicKeyInfo, DER
    std::string spki_sha256;  // hex
    KeyFacts key;
    std::string signature_hash;  // "SHA-256", "SHA-1", "MD5", …; "" when unknown
    DistinguishedName subject;
    std::optional<std::string> challenge;  // UTF-8; absent without the attribute

    std::optional<std::vector<SubjectAltName>> subject_alt_names;  // absent without the extension
    std::optional<std::vector<KeyUsage>> key_usage;                // ascending
    std::optional<std::vector<std::string>> extended_key_usage;    // dotted OIDs
    bool asks_for_ca = false;                                      // basicConstraints cA = TRUE
    std::optional<std::string> security_identifier;        // 1.3.6.1.4.1.311.25.2, the SID's text
    std::vector<std::string> unknown_critical_extensions;  // OIDs
};

// Reads exactly one DER request. bad_request with the cause when it is not one, when it is not
// equal to its own DER re-encoding (save for the order of attributes, which strongSwan does not
// sort and which means nothing where each occurs once), when an attribute, an attribute value or
// an extension occurs twice (challengePassword, extensionRequest in either the PKCS#9 or the
// Microsoft form 1.3.6.1.4.1.311.2.1.14), or when a text holds NUL, control, bidirectional or
// zero-width characters or is over-long (names: the bounds of RFC 5280 appendix A.1).
// Line ends are dropped from a challenge of more than 255 octets: base64 of a sealed one may be
// broken into lines. too_large above `limit` octets. Time grows linearly with the size.
Result<CertificateRequest> parse_csr(ByteView der, std::size_t limit = 64 * 1024);

// Proof of possession (RFC 2986 section 4.2): the request's own key verifies its signature.
// False for hashes weaker than SHA-1, for keys that are not usable and for what parse_csr did not
// make.
bool verify_self_signature(const CertificateRequest& request);

}  // namespace ndes
