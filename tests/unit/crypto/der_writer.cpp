#include "tests/unit/crypto/der_writer.h"

#include "common/crypto/openssl_ptr.h"

namespace ndes::test {

Bytes join(std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const Bytes& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

Bytes der(std::uint8_t tag, const Bytes& contents) {
    Bytes length;
    for (std::size_t rest = contents.size(); rest > 0; rest >>= 8) {
        length.insert(length.begin(), static_cast<std::uint8_t>(rest & 0xFF));
    }
    if (length.empty()) length.push_back(0);
    if (contents.size() >= 0x80) {
        length.insert(length.begin(), static_cast<std::uint8_t>(0x80 | length.size()));
    }
    return join({{tag}, length, contents});
}

Bytes der_text(std::uint8_t tag, std::string_view text) {
    return der(tag, to_bytes(as_bytes(text)));
}

Bytes der_oid(const char* dotted) {
    const Asn1ObjectPtr object(::OBJ_txt2obj(dotted, 1));
    return der(0x06, Bytes(::OBJ_get0_data(object.get()),
                           ::OBJ_get0_data(object.get()) + ::OBJ_length(object.get())));
}

Bytes der_integer(std::uint8_t value) { return der(0x02, {value}); }

Bytes indefinite(std::uint8_t tag, const Bytes& contents) {
    return join({{tag, 0x80}, contents, {0x00, 0x00}});
}

}  // namespace ndes::test
