// ASN.1 pre-filter: common/crypto/cms_shape with SCEP's limits, ciphers and failInfo.
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "common/bytes.h"
#include "scep-server/message/algorithms.h"
#include "scep-server/message/scep_types.h"

namespace ndes::scep {

inline constexpr int kMaxCertificates = 10;
inline constexpr int kMaxRecipients = 16;

// What is wrong with a message, for the operator and for the client.
struct ShapeFault {
    FailInfo fail_info = FailInfo::bad_request;
    std::string_view text;  // static
};

// RFC 5652 section 5: ContentInfo of signedData with content type data, attached content, at most
// kMaxCertificates X.509 certificates, no CRL, and exactly one SignerInfo that has signed
// attributes. At most kMaxMessage octets, kAsn1MaxDepth levels, nothing behind it.
std::optional<ShapeFault> check_signed_shape(ByteView message);

// RFC 5652 section 6: ContentInfo of envelopedData with 1 to kMaxRecipients KeyTransRecipientInfo
// in rsaEncryption and content of type data in a cipher of the table with an initialisation
// vector of exactly one block; no originator, no unprotected attributes. Returns the cipher.
tl::expected<const ContentCipher*, ShapeFault> check_envelope_shape(ByteView envelope);

}  // namespace ndes::scep
