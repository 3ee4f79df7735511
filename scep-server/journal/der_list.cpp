#include "scep-server/journal/der_list.h"

#include <openssl/asn1.h>

#include "common/crypto/openssl_ptr.h"

namespace ndes::scep {

Bytes join_der(const std::vector<Bytes>& values) {
    Bytes joined;
    for (const Bytes& value : values)
        joined.insert(joined.end(), value.begin(), value.end());
    return joined;
}

Result<std::vector<Bytes>> split_der(ByteView joined) {
    std::vector<Bytes> values;
    while (!joined.empty()) {
        const unsigned char* content = joined.data();
        long length = 0;
        int tag = 0;
        int tag_class = 0;
        const int form = ::ASN1_get_object(&content, &length, &tag, &tag_class,
                                           static_cast<long>(joined.size()));
        // 0x80: not readable, also when it claims more octets than there are; 1: indefinite.
        if ((form & 0x81) != 0) {
            take_openssl_errors();
            return fail(ErrorCode::storage, "not a list of DER values");
        }
        const auto whole =
            static_cast<std::size_t>(content - joined.data()) + static_cast<std::size_t>(length);
        values.push_back(to_bytes(joined.first(whole)));
        joined = joined.subspan(whole);
    }
    return values;
}

}  // namespace ndes::scep
