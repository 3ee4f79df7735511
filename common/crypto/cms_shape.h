// CMS shape: what a CMS message (RFC 5652) looks like is settled by our own bounded reader before
// OpenSSL's parser sees an octet, so that the rarely walked paths of that parser (recipients,
// content types and ciphers that our messages never use) are out of an attacker's reach.
// Knows shapes and algorithms, not attributes, keys or what is inside. Reads BER, since clients
// and `openssl cms -stream` send indefinite lengths. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <tl/expected.hpp>

#include "common/bytes.h"

namespace ndes {

struct CmsLimits {
    std::size_t most_octets = 64 * 1024;
    int most_certificates = 10;
    int most_recipients = 16;
    bool certificates_required = true;   // false: SignedData may come without any
    bool permits_key_agreement = false;  // true: recipients with an EC certificate, too
};

// What is wrong with a message, for the operator.
struct CmsFault {
    bool is_algorithm = false;  // true: well-formed, but an algorithm that is not permitted
    std::string_view text;      // static
};

// RFC 5652 section 5: ContentInfo of signedData with content type data, attached content, at most
// most_certificates X.509 certificates, no CRL, and exactly one SignerInfo that has signed
// attributes. At most most_octets octets, kAsn1MaxDepth levels, nothing behind it.
std::optional<CmsFault> check_signed_shape(ByteView message, const CmsLimits& limits);

// Octets of the initialisation vector that a content cipher needs, by the contents octets of its
// OBJECT IDENTIFIER; 0 for a cipher that is not permitted.
using IvOctetsOf = std::size_t (*)(std::string_view oid);

// RFC 5652 section 6: ContentInfo of envelopedData (never authEnvelopedData) with 1 to
// most_recipients recipients: KeyTransRecipientInfo in rsaEncryption or, if permitted,
// KeyAgreeRecipientInfo with an ephemeral key, ECDH and AES key wrap (RFC 5753); content of type
// data in a permitted cipher with an initialisation vector of exactly the octets it needs; no
// originator, no unprotected attributes. Returns the cipher's OID, a view into `envelope`.
tl::expected<std::string_view, CmsFault> check_envelope_shape(ByteView envelope,
                                                              const CmsLimits& limits,
                                                              IvOctetsOf iv_octets_of);

}  // namespace ndes
