// encode_certificate_list: degenerate SignedData (RFC 8894 section 3.4) written octet by octet.
// OpenSSL's CMS API would sort the SET OF certificates, but clients take the first one for theirs.
#include "scep-server/message/pki_message.h"

namespace ndes::scep {
namespace {

constexpr std::uint8_t kSequence = 0x30;
constexpr std::uint8_t kSet = 0x31;
constexpr std::uint8_t kContext0 = 0xA0;
constexpr std::uint8_t kContext1 = 0xA1;

const Bytes kVersion1{0x02, 0x01, 0x01};
const Bytes kDataOid{0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01};
const Bytes kSignedDataOid{0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02};

void append(Bytes& out, const Bytes& octets) {
    out.insert(out.end(), octets.begin(), octets.end());
}

// One element with the shortest definite length (X.690 section 10.1).
Bytes element(std::uint8_t tag, const Bytes& contents) {
    Bytes encoded{tag};
    if (contents.size() < 0x80) {
        encoded.push_back(static_cast<std::uint8_t>(contents.size()));
    } else {
        Bytes length;
        for (std::size_t rest = contents.size(); rest > 0; rest >>= 8) {
            length.insert(length.begin(), static_cast<std::uint8_t>(rest & 0xFF));
        }
        encoded.push_back(static_cast<std::uint8_t>(0x80 | length.size()));
        append(encoded, length);
    }
    append(encoded, contents);
    return encoded;
}

// SignedData without content, digest algorithm and signer, around `contents`: the elements of
// certificates [0] or crls [1].
Bytes degenerate(std::uint8_t tag, const Bytes& contents) {
    Bytes signed_data = kVersion1;
    append(signed_data, element(kSet, {}));
    append(signed_data, element(kSequence, kDataOid));
    append(signed_data, element(tag, contents));
    append(signed_data, element(kSet, {}));
    Bytes content_info = kSignedDataOid;
    append(content_info, element(kContext0, element(kSequence, signed_data)));
    return element(kSequence, content_info);
}

}  // namespace

Result<Bytes> encode_certificate_list(const std::vector<Certificate>& certificates) {
    if (certificates.empty()) return fail(ErrorCode::internal, "certificate list is empty");
    Bytes all;
    for (const Certificate& certificate : certificates)
        append(all, certificate.der());
    return degenerate(kContext0, all);
}

Bytes encode_crl_list(ByteView crl) { return degenerate(kContext1, to_bytes(crl)); }

}  // namespace ndes::scep
