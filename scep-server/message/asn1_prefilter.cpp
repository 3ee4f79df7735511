#include "scep-server/message/asn1_prefilter.h"

#include "common/crypto/cms_shape.h"

namespace ndes::scep {
namespace {

constexpr CmsLimits kLimits{kMaxMessage, kMaxCertificates, kMaxRecipients, true, false};

ShapeFault to_shape_fault(const CmsFault& fault) {
    return {fault.is_algorithm ? FailInfo::bad_alg : FailInfo::bad_request, fault.text};
}

std::size_t iv_octets_of(std::string_view oid) {
    const ContentCipher* cipher = find_cipher_by_oid(oid);
    return cipher == nullptr ? 0 : cipher->block_size;
}

}  // namespace

std::optional<ShapeFault> check_signed_shape(ByteView message) {
    if (const auto fault = ndes::check_signed_shape(message, kLimits)) {
        return to_shape_fault(*fault);
    }
    return std::nullopt;
}

tl::expected<const ContentCipher*, ShapeFault> check_envelope_shape(ByteView envelope) {
    const auto oid = ndes::check_envelope_shape(envelope, kLimits, iv_octets_of);
    if (!oid) return tl::unexpected(to_shape_fault(oid.error()));
    return find_cipher_by_oid(*oid);
}

}  // namespace ndes::scep
