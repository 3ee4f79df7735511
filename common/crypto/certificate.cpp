#include "common/crypto/certificate.h"

#include <array>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "common/crypto/asn1_reader.h"
#include "common/crypto/asn1_time.h"
#include "common/crypto/certificate_facts.h"
#include "common/crypto/digest.h"
#include "common/crypto/general_names.h"
#include "common/crypto/pem.h"
#include "common/file.h"

namespace ndes {
namespace {

std::string name_text(const Result<DistinguishedName>& name) {
    return name ? name->to_text() : std::string();
}

std::uint32_t usage_bit(KeyUsage usage) {
    // OpenSSL keeps the first octet of the BIT STRING low and the second one high.
    const auto number = static_cast<unsigned>(usage);
    return number < 8 ? 0x80U >> number : 0x8000U;
}

struct ExtendedUsageFree {
    void operator()(EXTENDED_KEY_USAGE* usages) const { ::EXTENDED_KEY_USAGE_free(usages); }
};

}  // namespace

Result<Certificate> Certificate::from_der(ByteView der) {
    const auto header = read_asn1_header(der);
    const bool one_element = header && !header->indefinite && der.size() <= kMaxCertificate &&
                             header->size + header->length == der.size();
    const unsigned char* position = der.data();
    const X509Ptr handle(one_element ? ::d2i_X509(nullptr, &position, static_cast<long>(der.size()))
                                     : nullptr);
    if (!handle || position != der.data() + der.size()) {
        return fail(ErrorCode::bad_request, "not one DER certificate", take_openssl_errors());
    }
    return from_handle(handle.get());
}

Result<Certificate> Certificate::from_handle(X509* handle) {
    unsigned char* encoded = nullptr;
    const int size = ::i2d_X509(handle, &encoded);
    if (size <= 0) {
        return fail(ErrorCode::bad_request, "certificate cannot be encoded", take_openssl_errors());
    }
    Certificate certificate;
    certificate.der_ = std::make_shared<const Bytes>(encoded, encoded + size);
    ::OPENSSL_free(encoded);
    ::X509_up_ref(handle);
    certificate.handle_ = std::shared_ptr<X509>(handle, OpensslFree<::X509_free>());
    // Fills OpenSSL's cache of extension facts now, before threads share the handle.
    ::X509_check_purpose(handle, -1, 0);
    take_openssl_errors();
    return certificate;
}

std::string Certificate::sha256() const { return sha256_hex(*der_); }

std::string Certificate::sha1() const { return sha1_hex(*der_); }

std::string Certificate::spki_sha256() const {
    unsigned char* encoded = nullptr;
    const int size = ::i2d_X509_PUBKEY(::X509_get_X509_PUBKEY(handle()), &encoded);
    if (size <= 0) return "";
    std::string hex = sha256_hex({encoded, static_cast<std::size_t>(size)});
    ::OPENSSL_free(encoded);
    return hex;
}

std::string Certificate::serial() const {
    const ASN1_INTEGER* number = ::X509_get0_serialNumber(handle());
    const auto size = static_cast<std::size_t>(::ASN1_STRING_length(number));
    return to_hex({::ASN1_STRING_get0_data(number), size});
}

Result<DistinguishedName> Certificate::subject() const {
    return DistinguishedName::from_x509(::X509_get_subject_name(handle()));
}

Result<DistinguishedName> Certificate::issuer() const {
    return DistinguishedName::from_x509(::X509_get_issuer_name(handle()));
}

std::string Certificate::subject_text() const { return name_text(subject()); }

std::string Certificate::issuer_text() const { return name_text(issuer()); }

WallTime Certificate::not_before() const { return wall_time(::X509_get0_notBefore(handle())); }

WallTime Certificate::not_after() const { return wall_time(::X509_get0_notAfter(handle())); }

bool Certificate::is_self_signed() const { return is_issued_by(*this); }

bool Certificate::has_key_usage(KeyUsage usage) const {
    // All bits are set when the extension is absent, none when it cannot be read.
    return (::X509_get_key_usage(handle()) & usage_bit(usage)) != 0;
}

bool Certificate::has_extended_key_usage(const std::string& oid) const {
    const std::unique_ptr<EXTENDED_KEY_USAGE, ExtendedUsageFree> usages(
        static_cast<EXTENDED_KEY_USAGE*>(
            ::X509_get_ext_d2i(handle(), NID_ext_key_usage, nullptr, nullptr)));
    const Asn1ObjectPtr wanted(::OBJ_txt2obj(oid.c_str(), 1));
    if (!wanted) take_openssl_errors();
    if (!usages || !wanted) return false;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages.get()); ++i) {
        if (::OBJ_cmp(sk_ASN1_OBJECT_value(usages.get(), i), wanted.get()) == 0) return true;
    }
    return false;
}

Result<std::vector<SubjectAltName>> Certificate::subject_alt_names() const {
    const int first = ::X509_get_ext_by_NID(handle(), NID_subject_alt_name, -1);
    if (first < 0) return std::vector<SubjectAltName>{};
    if (::X509_get_ext_by_NID(handle(), NID_subject_alt_name, first) >= 0) {
        return fail(ErrorCode::bad_request, "subjectAltName occurs twice");
    }
    const ASN1_OCTET_STRING* value = ::X509_EXTENSION_get_data(::X509_get_ext(handle(), first));
    const auto size = static_cast<std::size_t>(::ASN1_STRING_length(value));
    return read_general_names({::ASN1_STRING_get0_data(value), size});
}

EVP_PKEY* Certificate::public_key() const { return ::X509_get0_pubkey(handle()); }

bool Certificate::is_issued_by(const Certificate& issuer) const {
    const bool named = ::X509_NAME_cmp(::X509_get_issuer_name(handle()),
                                       ::X509_get_subject_name(issuer.handle())) == 0;
    const bool verified = named && issuer.public_key() != nullptr &&
                          ::X509_verify(handle(), issuer.public_key()) == 1;
    take_openssl_errors();
    return verified;
}

bool Certificate::matches(const EVP_PKEY* key) const {
    const bool same =
        key != nullptr && public_key() != nullptr && ::EVP_PKEY_eq(public_key(), key) == 1;
    take_openssl_errors();
    return same;
}

Result<std::vector<Certificate>> certificates_from_pem(std::string_view pem) {
    const BioPtr source(::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    std::vector<Certificate> certificates;
    while (const X509Ptr handle{
        ::PEM_read_bio_X509(source.get(), nullptr, refuse_passphrase, nullptr)}) {
        auto certificate = Certificate::from_handle(handle.get());
        if (!certificate) return pass_on(certificate);
        certificates.push_back(*std::move(certificate));
    }
    // The end of the text is reported as "no start line"; anything else is a broken block.
    const bool ended = ERR_GET_REASON(::ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    const std::string errors = take_openssl_errors();
    if (!ended) return fail(ErrorCode::bad_request, "a certificate cannot be read", errors);
    if (certificates.empty()) return fail(ErrorCode::bad_request, "holds no PEM certificate");
    return certificates;
}

Result<std::vector<Certificate>> load_certificates(const std::filesystem::path& path) {
    auto pem = read_file(path);
    if (!pem) return pass_on(pem);
    auto certificates = certificates_from_pem(*pem);
    if (certificates) return certificates;
    certificates.error().code = ErrorCode::configuration;
    return pass_on(certificates, path.string());
}

}  // namespace ndes
