#include "scep-server/issuer/certificate_builder.h"

#include <memory>

#include "common/crypto/distinguished_name.h"
#include "common/crypto/general_names.h"

namespace ndes::scep {
namespace {

using BasicConstraintsPtr =
    std::unique_ptr<BASIC_CONSTRAINTS, OpensslFree<::BASIC_CONSTRAINTS_free>>;
using BitStringPtr = std::unique_ptr<ASN1_BIT_STRING, OpensslFree<::ASN1_BIT_STRING_free>>;
using ExtendedKeyUsagePtr =
    std::unique_ptr<EXTENDED_KEY_USAGE, OpensslFree<::EXTENDED_KEY_USAGE_free>>;
using AlgorithmPtr = std::unique_ptr<X509_ALGOR, OpensslFree<::X509_ALGOR_free>>;
enum class Critical { no, yes };

Failure cannot_set_in_certificate(std::string_view step) {
    return fail(ErrorCode::internal, "certificate: cannot set " + std::string(step),
                take_openssl_errors());
}

Result<void> add_extension(X509& certificate, int nid, void* value, Critical critical) {
    const int is_critical = critical == Critical::yes ? 1 : 0;
    if (::X509_add1_ext_i2d(&certificate, nid, value, is_critical, X509V3_ADD_DEFAULT) != 1)
        return cannot_set_in_certificate(::OBJ_nid2sn(nid));
    return {};
}

Result<void> add_basic_constraints(X509& certificate) {
    const BasicConstraintsPtr none(::BASIC_CONSTRAINTS_new());  // cA DEFAULT FALSE, no path length
    if (!none) return cannot_set_in_certificate("basicConstraints");
    return add_extension(certificate, NID_basic_constraints, none.get(), Critical::yes);
}

Result<void> add_key_usage(X509& certificate, const std::vector<KeyUsage>& usages) {
    if (usages.empty()) return {};
    const BitStringPtr bits(::ASN1_BIT_STRING_new());
    if (!bits) return cannot_set_in_certificate("keyUsage");
    for (const KeyUsage usage : usages) {
        // RFC 5280 section 4.2.1.3: keyCertSign asserted means cA must be asserted too.
        if (usage == KeyUsage::key_cert_sign || usage == KeyUsage::crl_sign)
            return fail(ErrorCode::bad_request,
                        std::string("keyUsage: ") + to_string(usage) + " is not for an end entity");
        if (::ASN1_BIT_STRING_set_bit(bits.get(), static_cast<int>(usage), 1) != 1)
            return cannot_set_in_certificate("keyUsage");
    }
    return add_extension(certificate, NID_key_usage, bits.get(), Critical::yes);
}

Result<void> add_extended_key_usage(X509& certificate, const std::vector<std::string>& oids) {
    if (oids.empty()) return {};
    const ExtendedKeyUsagePtr usages(::EXTENDED_KEY_USAGE_new());
    if (!usages) return cannot_set_in_certificate("extendedKeyUsage");
    for (const std::string& oid : oids) {
        Asn1ObjectPtr object(::OBJ_txt2obj(oid.c_str(), 1));
        if (!object) {
            take_openssl_errors();
            return fail(ErrorCode::bad_request, "extendedKeyUsage: " + oid + " is not an OID");
        }
        if (::sk_ASN1_OBJECT_push(usages.get(), object.get()) == 0)
            return cannot_set_in_certificate("extendedKeyUsage");
        static_cast<void>(object.release());  // now the stack's
    }
    return add_extension(certificate, NID_ext_key_usage, usages.get(), Critical::no);
}

Result<void> add_alt_names(X509& certificate, const CertificateContents& contents) {
    if (contents.subject_alt_names.empty()) return {};
    auto names = to_general_names(contents.subject_alt_names);
    if (!names) return pass_on(names, "subjectAltName");
    return add_extension(certificate, NID_subject_alt_name, names->get(),
                         contents.subject.empty() ? Critical::yes : Critical::no);
}

Result<void> add_key_identifiers(X509& certificate, const Certificate& issuer) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer.handle(), &certificate, nullptr, nullptr, 0);
    const struct {
        int nid;
        const char* value;
    } identifiers[] = {{NID_subject_key_identifier, "hash"},
                       {NID_authority_key_identifier, "keyid"}};
    for (const auto& [nid, value] : identifiers) {
        const X509ExtensionPtr extension(::X509V3_EXT_nconf_nid(nullptr, &context, nid, value));
        if (!extension || ::X509_add_ext(&certificate, extension.get(), -1) != 1)
            return cannot_set_in_certificate(::OBJ_nid2sn(nid));
    }
    return {};
}

Result<void> set_subject(X509& certificate, const CertificateContents& contents,
                         const CertificateRequest& csr) {
    if (contents.subject.empty() && contents.subject_alt_names.empty())
        return fail(ErrorCode::bad_request, "neither a subject nor a subjectAltName");
    auto wanted = DistinguishedName::from_text(contents.subject);
    if (!wanted) return pass_on(wanted, "subject");
    // Clients compare the issued subject with what they asked for, in their own order.
    const DistinguishedName& subject = wanted->same_names(csr.subject) ? csr.subject : *wanted;
    auto name = subject.to_x509();
    if (!name) return pass_on(name, "subject");
    if (::X509_set_subject_name(&certificate, name->get()) != 1)
        return cannot_set_in_certificate("subject");
    return {};
}

// Copies the SubjectPublicKeyInfo as it stands. By way of a key object OpenSSL 3.0 would decode,
// encode and decode it again, which costs more than the CA's signature.
Result<void> set_public_key(X509& certificate, const CertificateRequest& csr) {
    const unsigned char* cursor = csr.spki.data();
    const unsigned char* const end = cursor + csr.spki.size();
    long length = 0;
    int tag = 0;
    int tag_class = 0;
    const int form = ::ASN1_get_object(&cursor, &length, &tag, &tag_class, end - cursor);
    if ((form & 0x80) != 0 || tag != V_ASN1_SEQUENCE)
        return cannot_set_in_certificate("public key");
    const AlgorithmPtr algorithm(::d2i_X509_ALGOR(nullptr, &cursor, end - cursor));
    const BitStringPtr bits(algorithm ? ::d2i_ASN1_BIT_STRING(nullptr, &cursor, end - cursor)
                                      : nullptr);
    if (!bits || cursor != end) return cannot_set_in_certificate("public key");

    const ASN1_OBJECT* oid = nullptr;
    ::X509_ALGOR_get0(&oid, nullptr, nullptr, algorithm.get());
    const int octets = ::ASN1_STRING_length(bits.get());
    void* const copy =
        ::OPENSSL_memdup(::ASN1_STRING_get0_data(bits.get()), static_cast<std::size_t>(octets));
    X509_PUBKEY* const target = ::X509_get_X509_PUBKEY(&certificate);
    X509_ALGOR* target_algorithm = nullptr;
    // Takes the object and the octets; the algorithm's parameters follow with the copy of it.
    if (copy == nullptr ||
        ::X509_PUBKEY_set0_param(target, ::OBJ_dup(oid), V_ASN1_UNDEF, nullptr,
                                 static_cast<unsigned char*>(copy), octets) != 1 ||
        ::X509_PUBKEY_get0_param(nullptr, nullptr, nullptr, &target_algorithm, target) != 1 ||
        ::X509_ALGOR_copy(target_algorithm, algorithm.get()) != 1)
        return cannot_set_in_certificate("public key");
    return {};
}

Result<void> set_time(ASN1_TIME* field, WallTime time) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
    // UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280 section 4.1.2.5).
    const Asn1TimePtr value(::ASN1_TIME_set(nullptr, static_cast<time_t>(seconds)));
    if (!value || ::ASN1_STRING_copy(field, value.get()) != 1)
        return cannot_set_in_certificate("validity");
    return {};
}

Result<void> set_frame(X509& certificate, const CertificateFrame& frame) {
    if (auto done = set_serial(certificate, frame.serial); !done) return done;
    if (::X509_set_version(&certificate, X509_VERSION_3) != 1 ||
        ::X509_set_issuer_name(&certificate, ::X509_get_subject_name(frame.issuer->handle())) != 1)
        return cannot_set_in_certificate("issuer");
    if (auto done = set_time(::X509_getm_notBefore(&certificate), frame.not_before); !done)
        return done;
    return set_time(::X509_getm_notAfter(&certificate), frame.not_after);
}

Result<void> add_extensions(X509& certificate, const CertificateContents& contents,
                            const Certificate& issuer) {
    if (auto done = add_basic_constraints(certificate); !done) return done;
    if (auto done = add_key_usage(certificate, contents.key_usage); !done) return done;
    if (auto done = add_extended_key_usage(certificate, contents.extended_key_usage); !done)
        return done;
    if (auto done = add_alt_names(certificate, contents); !done) return done;
    if (!contents.security_identifier.empty()) {
        auto sid = security_identifier_extension(contents.security_identifier);
        if (!sid) return pass_on(sid);
        if (::X509_add_ext(&certificate, sid->get(), -1) != 1)
            return cannot_set_in_certificate("extensions");
    }
    return add_key_identifiers(certificate, issuer);
}

}  // namespace

Result<X509Ptr> build_certificate(const CertificateContents& contents,
                                  const CertificateRequest& csr, const CertificateFrame& frame) {
    X509Ptr certificate(::X509_new());
    if (!certificate) return cannot_set_in_certificate("anything");
    if (auto done = set_frame(*certificate, frame); !done) return pass_on(done);
    if (auto done = set_subject(*certificate, contents, csr); !done) return pass_on(done);
    if (auto done = set_public_key(*certificate, csr); !done) return pass_on(done);
    if (auto done = add_extensions(*certificate, contents, *frame.issuer); !done)
        return pass_on(done);
    return certificate;
}

Result<void> set_serial(X509& certificate, ByteView serial) {
    const BignumPtr number(::BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
    if (!number ||
        ::BN_to_ASN1_INTEGER(number.get(), ::X509_get_serialNumber(&certificate)) == nullptr)
        return cannot_set_in_certificate("serial number");
    return {};
}

std::string serial_of(const X509& certificate) {
    const ASN1_INTEGER* const number = ::X509_get0_serialNumber(&certificate);
    return to_hex(
        {::ASN1_STRING_get0_data(number), static_cast<std::size_t>(::ASN1_STRING_length(number))});
}

}  // namespace ndes::scep
