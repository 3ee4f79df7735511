#include "scep-server/message/issuer_and_serial.h"

#include "common/crypto/asn1_reader.h"

namespace ndes::scep {
namespace {

Failure malformed() { return fail(ErrorCode::bad_request, "is not an IssuerAndSerialNumber"); }

}  // namespace

Result<IssuerAndSerial> read_issuer_and_serial(ByteView der) {
    const auto outer = read_asn1_header(der);
    if (!is_der(der) || !outer || !outer->is(V_ASN1_SEQUENCE)) return malformed();
    const ByteView contents = der.subspan(outer->size);
    const auto name_header = read_asn1_header(contents);
    if (!name_header || !name_header->is(V_ASN1_SEQUENCE)) return malformed();
    const std::size_t name_octets = name_header->size + name_header->length;
    const ByteView rest = contents.subspan(name_octets);
    const auto number = read_asn1_header(rest);
    if (!number || !number->is(V_ASN1_INTEGER) || number->size + number->length != rest.size())
        return malformed();

    const unsigned char* cursor = contents.data();
    const X509NamePtr name(::d2i_X509_NAME(nullptr, &cursor, static_cast<long>(name_octets)));
    const unsigned char* place = rest.data();
    const Asn1IntegerPtr serial(
        ::d2i_ASN1_INTEGER(nullptr, &place, static_cast<long>(rest.size())));
    take_openssl_errors();
    if (!name || !serial) return malformed();
    auto issuer = DistinguishedName::from_x509(name.get());
    if (!issuer) return malformed();
    return IssuerAndSerial{std::move(*issuer),
                           to_hex({::ASN1_STRING_get0_data(serial.get()),
                                   static_cast<std::size_t>(::ASN1_STRING_length(serial.get()))})};
}

}  // namespace ndes::scep
