#include "common/crypto/certificate_facts.h"

#include <optional>

#include "common/crypto/asn1_time.h"
#include "common/crypto/csr_extensions.h"
#include "common/crypto/der_reader.h"
#include "common/crypto/digest.h"
#include "common/crypto/distinguished_name.h"

namespace ndes {
namespace {

// RFC 5280 section 4.1: TBSCertificate.
struct Parts {
    DerElement serial;
    DerElement issuer;
    DerElement not_before;
    DerElement not_after;
    DerElement subject;
    DerElement key;
    std::optional<ByteView> extensions;  // in their SEQUENCE OF; empty without, absent: unreadable
};
std::optional<Parts> read_parts(ByteView der) {
    DerReader outer(der_contents(der, kDerSequence).value_or(ByteView{}));
    const auto signed_part = outer.take(kDerSequence);
    const bool is_signed = outer.take(kDerSequence) && outer.take(kDerBitString);
    if (!signed_part || !is_signed || !outer.empty()) return std::nullopt;
    DerReader reader(signed_part->contents);
    reader.take(der_context(0, true));  // version
    const auto serial = reader.take(kDerInteger);
    const bool has_algorithm = reader.take(kDerSequence).has_value();
    const auto issuer = reader.take(kDerSequence);
    const auto validity = reader.take(kDerSequence);
    const auto subject = reader.take(kDerSequence);
    const auto key = reader.take(kDerSequence);
    reader.take(der_context(1, false));  // unique identifiers of issuer and subject
    reader.take(der_context(2, false));
    const auto extensions = reader.take(der_context(3, true));
    DerReader times(validity ? validity->contents : ByteView{});
    const auto not_before = times.next();
    const auto not_after = times.next();
    if (!serial || !has_algorithm || !issuer || !subject || !key || !not_after || !times.empty()) {
        return std::nullopt;
    }
    std::optional<ByteView> list = ByteView{};
    if (extensions) list = der_contents(extensions->contents, kDerSequence);
    if (!reader.empty()) list.reset();
    return Parts{*serial, *issuer, *not_before, *not_after, *subject, *key, list};
}

WallTime time_of(const DerElement& element) {
    if (element.identifier != V_ASN1_UTCTIME && element.identifier != V_ASN1_GENERALIZEDTIME) {
        return WallTime{};
    }
    const Asn1TimePtr time(::ASN1_STRING_type_new(element.identifier));
    ::ASN1_STRING_set(time.get(), element.contents.data(),
                      static_cast<int>(element.contents.size()));
    return wall_time(time.get());
}

// As Certificate::serial: the value's octets, without the zero that only says "not negative".
std::string serial_of(ByteView integer) {
    if (integer.size() > 1 && integer.front() == 0) integer = integer.subspan(1);
    return to_hex(integer);
}

std::string name_of(const DerElement& name) {
    const auto read = DistinguishedName::from_der(name.whole);
    return read ? read->to_text() : std::string();
}

}  // namespace

Result<CertificateRequest> read_certificate_extensions(ByteView der) {
    const auto parts = der.size() <= kMaxCertificate ? read_parts(der) : std::nullopt;
    if (!parts) return fail(ErrorCode::bad_request, "not one DER certificate");
    if (!parts->extensions) return fail(ErrorCode::bad_request, "its extensions cannot be read");
    CertificateRequest said;
    if (auto read = read_requested_extensions(*parts->extensions, said); !read) {
        return pass_on(read);
    }
    return said;
}

Result<CertificateFacts> read_certificate_facts(ByteView der) {
    const auto parts = der.size() <= kMaxCertificate ? read_parts(der) : std::nullopt;
    if (!parts) return fail(ErrorCode::bad_request, "not one DER certificate");
    CertificateFacts facts;
    facts.sha256 = sha256_hex(der);
    facts.sha1 = sha1_hex(der);
    facts.serial = serial_of(parts->serial.contents);
    facts.spki_sha256 = sha256_hex(parts->key.whole);
    facts.subject = name_of(parts->subject);
    facts.issuer = name_of(parts->issuer);
    facts.not_before = time_of(parts->not_before);
    facts.not_after = time_of(parts->not_after);
    return facts;
}

}  // namespace ndes
