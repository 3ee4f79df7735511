#include "scep-server/issuer/crl_builder.h"

#include <memory>

#include <openssl/pem.h>

#include "common/crypto/pem.h"

namespace ndes::scep {
namespace {

using Asn1EnumeratedPtr = std::unique_ptr<ASN1_ENUMERATED, OpensslFree<::ASN1_ENUMERATED_free>>;
using RevokedPtr = std::unique_ptr<X509_REVOKED, OpensslFree<::X509_REVOKED_free>>;

Failure cannot_set_in_crl(std::string_view step) {
    return fail(ErrorCode::internal, "CRL: cannot set " + std::string(step), take_openssl_errors());
}

Asn1TimePtr to_asn1(WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    return Asn1TimePtr(::ASN1_TIME_set(nullptr, static_cast<time_t>(seconds)));
}

WallTime from_asn1(const ASN1_TIME* time) {
    std::tm parts{};
    if (time == nullptr || ::ASN1_TIME_to_tm(time, &parts) != 1) return {};
    return from_unix_ms(static_cast<std::int64_t>(::timegm(&parts)) * 1000);
}

Asn1IntegerPtr to_integer(std::string_view hex) {
    const auto octets = from_hex(hex);
    if (!octets || octets->empty()) return nullptr;
    const BignumPtr number(::BN_bin2bn(octets->data(), static_cast<int>(octets->size()), nullptr));
    return Asn1IntegerPtr(number ? ::BN_to_ASN1_INTEGER(number.get(), nullptr) : nullptr);
}

Result<void> add_reason(X509_REVOKED& revoked, RevocationReason reason) {
    if (reason == RevocationReason::unspecified) return {};
    const Asn1EnumeratedPtr code(::ASN1_ENUMERATED_new());
    if (!code || ::ASN1_ENUMERATED_set(code.get(), static_cast<long>(reason)) != 1 ||
        ::X509_REVOKED_add1_ext_i2d(&revoked, NID_crl_reason, code.get(), 0, X509V3_ADD_DEFAULT) !=
            1)
        return cannot_set_in_crl("a reason");
    return {};
}

Result<void> add_entry(X509_CRL& crl, const CrlEntry& entry) {
    RevokedPtr revoked(::X509_REVOKED_new());
    const Asn1IntegerPtr serial = to_integer(entry.serial);
    const Asn1TimePtr when = to_asn1(entry.revoked_at);
    if (!revoked || !serial || !when ||
        ::X509_REVOKED_set_serialNumber(revoked.get(), serial.get()) != 1 ||
        ::X509_REVOKED_set_revocationDate(revoked.get(), when.get()) != 1)
        return cannot_set_in_crl("the entry of serial number " + entry.serial);
    if (auto done = add_reason(*revoked, entry.reason); !done) return done;
    if (::X509_CRL_add0_revoked(&crl, revoked.get()) != 1) return cannot_set_in_crl("an entry");
    static_cast<void>(revoked.release());  // now the CRL's
    return {};
}

Result<void> set_frame(X509_CRL& crl, const CrlContents& contents, const Certificate& ca) {
    const Asn1TimePtr this_update = to_asn1(contents.this_update);
    const Asn1TimePtr next_update = to_asn1(contents.next_update);
    if (::X509_CRL_set_version(&crl, X509_CRL_VERSION_2) != 1 ||
        ::X509_CRL_set_issuer_name(&crl, ::X509_get_subject_name(ca.handle())) != 1)
        return cannot_set_in_crl("the issuer");
    if (!this_update || !next_update || ::X509_CRL_set1_lastUpdate(&crl, this_update.get()) != 1 ||
        ::X509_CRL_set1_nextUpdate(&crl, next_update.get()) != 1)
        return cannot_set_in_crl("its times");
    return {};
}

Result<void> add_extensions(X509_CRL& crl, std::int64_t number, const Certificate& ca) {
    const Asn1IntegerPtr value(::ASN1_INTEGER_new());
    if (!value || ::ASN1_INTEGER_set_int64(value.get(), number) != 1 ||
        ::X509_CRL_add1_ext_i2d(&crl, NID_crl_number, value.get(), 0, X509V3_ADD_DEFAULT) != 1)
        return cannot_set_in_crl("cRLNumber");
    X509V3_CTX context{};
    X509V3_set_ctx(&context, ca.handle(), nullptr, nullptr, &crl, 0);
    const X509ExtensionPtr identifier(
        ::X509V3_EXT_nconf_nid(nullptr, &context, NID_authority_key_identifier, "keyid"));
    if (!identifier || ::X509_CRL_add_ext(&crl, identifier.get(), -1) != 1)
        return cannot_set_in_crl("authorityKeyIdentifier");
    return {};
}

CrlEntry read_entry(const X509_REVOKED& revoked) {
    const ASN1_INTEGER* const serial = ::X509_REVOKED_get0_serialNumber(&revoked);
    CrlEntry entry;
    entry.serial = to_hex(
        {::ASN1_STRING_get0_data(serial), static_cast<std::size_t>(::ASN1_STRING_length(serial))});
    entry.revoked_at = from_asn1(::X509_REVOKED_get0_revocationDate(&revoked));
    const Asn1EnumeratedPtr code(static_cast<ASN1_ENUMERATED*>(
        ::X509_REVOKED_get_ext_d2i(&revoked, NID_crl_reason, nullptr, nullptr)));
    if (code)
        entry.reason = reason_of_number(::ASN1_ENUMERATED_get(code.get()))
                           .value_or(RevocationReason::unspecified);
    return entry;
}

X509CrlPtr decode(ByteView der) {
    const unsigned char* cursor = der.data();
    X509CrlPtr crl(::d2i_X509_CRL(nullptr, &cursor, static_cast<long>(der.size())));
    take_openssl_errors();
    return crl;
}

}  // namespace

Result<X509CrlPtr> build_crl(const CrlContents& contents, const Certificate& ca) {
    X509CrlPtr crl(::X509_CRL_new());
    if (!crl) return cannot_set_in_crl("anything");
    if (auto done = set_frame(*crl, contents, ca); !done) return pass_on(done);
    for (const CrlEntry& entry : contents.entries)
        if (auto done = add_entry(*crl, entry); !done) return pass_on(done);
    if (auto done = add_extensions(*crl, contents.number, ca); !done) return pass_on(done);
    ::X509_CRL_sort(crl.get());
    return crl;
}

Result<CrlContents> read_crl(ByteView der) {
    const X509CrlPtr crl = decode(der);
    if (!crl) return fail(ErrorCode::configuration, "CRL: cannot be read");
    CrlContents contents;
    const Asn1IntegerPtr number(static_cast<ASN1_INTEGER*>(
        ::X509_CRL_get_ext_d2i(crl.get(), NID_crl_number, nullptr, nullptr)));
    if (number && ::ASN1_INTEGER_get_int64(&contents.number, number.get()) != 1)
        return fail(ErrorCode::configuration, "CRL: its number does not fit into 63 bits");
    contents.this_update = from_asn1(::X509_CRL_get0_lastUpdate(crl.get()));
    contents.next_update = from_asn1(::X509_CRL_get0_nextUpdate(crl.get()));
    STACK_OF(X509_REVOKED)* const revoked = ::X509_CRL_get_REVOKED(crl.get());
    for (int i = 0; i < sk_X509_REVOKED_num(revoked); ++i)
        contents.entries.push_back(read_entry(*sk_X509_REVOKED_value(revoked, i)));
    take_openssl_errors();
    return contents;
}

Result<Bytes> crl_der(const X509_CRL& crl) {
    unsigned char* octets = nullptr;
    const int size = ::i2d_X509_CRL(&crl, &octets);
    if (size <= 0) return fail(ErrorCode::internal, "CRL: cannot be encoded");
    Bytes der(octets, octets + size);
    ::OPENSSL_free(octets);
    return der;
}

Result<std::string> crl_pem(ByteView der) {
    const X509CrlPtr crl = decode(der);
    if (!crl) return cannot_set_in_crl("PEM");
    return pem_text([&](BIO* out) { return ::PEM_write_bio_X509_CRL(out, crl.get()); });
}

}  // namespace ndes::scep
