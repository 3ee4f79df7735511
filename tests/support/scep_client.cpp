#include "tests/support/scep_client.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <openssl/rand.h>

#include "common/crypto/general_names.h"

namespace ndes::test {
namespace {

constexpr const char* kMessageType = "2.16.840.1.113733.1.9.2";
constexpr const char* kPkiStatus = "2.16.840.1.113733.1.9.3";
constexpr const char* kFailInfo = "2.16.840.1.113733.1.9.4";
constexpr const char* kSenderNonce = "2.16.840.1.113733.1.9.5";
constexpr const char* kRecipientNonce = "2.16.840.1.113733.1.9.6";
constexpr const char* kTransactionId = "2.16.840.1.113733.1.9.7";

void check(bool good, const char* what) {
    if (!good) throw std::runtime_error(std::string(what) + ": " + take_openssl_errors());
}

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text);
    return std::move(*result);
}

Bytes random_bytes(std::size_t count) {
    Bytes bytes(count);
    check(::RAND_bytes(bytes.data(), static_cast<int>(count)) == 1, "random");
    return bytes;
}

Bytes bio_bytes(BIO* bio) {
    char* data = nullptr;
    const long size = ::BIO_get_mem_data(bio, &data);
    return to_bytes(as_bytes({data, static_cast<std::size_t>(size)}));
}

CmsPtr parse_cms(ByteView message) {
    const BioPtr bio(::BIO_new_mem_buf(message.data(), static_cast<int>(message.size())));
    CmsPtr cms(::d2i_CMS_bio(bio.get(), nullptr));
    check(cms != nullptr, "parse CMS");
    return cms;
}

X509NamePtr name_of(const std::string& subject) {
    return must(must(DistinguishedName::from_text(subject)).to_x509());
}

void add_extensions(X509_REQ* request, const CsrOptions& options) {
    STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
    if (!options.subject_alt_names.empty()) {
        const GeneralNamesPtr names = must(to_general_names(options.subject_alt_names));
        check(::X509V3_add1_i2d(&extensions, NID_subject_alt_name, names.get(), 0, 0) == 1, "SAN");
    }
    const std::array<std::pair<int, const std::string*>, 2> texts{
        {{NID_key_usage, &options.key_usage}, {NID_ext_key_usage, &options.extended_key_usage}}};
    for (const auto& [nid, text] : texts) {
        if (text->empty()) continue;
        X509_EXTENSION* extension = ::X509V3_EXT_nconf_nid(nullptr, nullptr, nid, text->c_str());
        check(extension != nullptr, "extension");
        sk_X509_EXTENSION_push(extensions, extension);
    }
    if (sk_X509_EXTENSION_num(extensions) > 0) {
        check(::X509_REQ_add_extensions(request, extensions) == 1, "extensions");
    }
    sk_X509_EXTENSION_pop_free(extensions, ::X509_EXTENSION_free);
}

void add_text(CMS_SignerInfo* signer, const char* oid, const std::string& text) {
    check(::CMS_signed_add1_attr_by_txt(signer, oid, V_ASN1_PRINTABLESTRING, text.data(),
                                        static_cast<int>(text.size())) == 1,
          "attribute");
}

// The attribute's octets, absent if there is none.
std::optional<Bytes> attribute_value(CMS_SignerInfo* signer, const char* oid) {
    const Asn1ObjectPtr object(::OBJ_txt2obj(oid, 1));
    const int place = ::CMS_signed_get_attr_by_OBJ(signer, object.get(), -1);
    if (place < 0) return std::nullopt;
    X509_ATTRIBUTE* attribute = ::CMS_signed_get_attr(signer, place);
    const ASN1_TYPE* value = ::X509_ATTRIBUTE_get0_type(attribute, 0);
    check(value != nullptr, "attribute value");
    const ASN1_STRING* text = value->value.asn1_string;
    return to_bytes(
        {::ASN1_STRING_get0_data(text), static_cast<std::size_t>(::ASN1_STRING_length(text))});
}

std::string text_attribute(CMS_SignerInfo* signer, const char* oid) {
    const auto value = attribute_value(signer, oid);
    return value ? std::string(as_text(*value)) : std::string();
}

}  // namespace

EvpPkeyPtr make_rsa_key(int bits) {
    EvpPkeyPtr key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", static_cast<std::size_t>(bits)));
    check(key != nullptr, "RSA key");
    return key;
}

EvpPkeyPtr make_ec_key(const char* curve) {
    EvpPkeyPtr key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve));
    check(key != nullptr, "EC key");
    return key;
}

Bytes make_csr(EVP_PKEY* key, const CsrOptions& options) {
    const X509ReqPtr request(::X509_REQ_new());
    check(::X509_REQ_set_version(request.get(), 0) == 1, "version");
    if (!options.subject.empty()) {
        const X509NamePtr name = name_of(options.subject);
        check(::X509_REQ_set_subject_name(request.get(), name.get()) == 1, "subject");
    }
    check(::X509_REQ_set_pubkey(request.get(), key) == 1, "public key");
    if (!options.challenge.empty()) {
        check(::X509_REQ_add1_attr_by_NID(
                  request.get(), NID_pkcs9_challengePassword, MBSTRING_UTF8,
                  reinterpret_cast<const unsigned char*>(options.challenge.data()),
                  static_cast<int>(options.challenge.size())) == 1,
              "challenge");
    }
    add_extensions(request.get(), options);
    check(::X509_REQ_sign(request.get(), key, ::EVP_get_digestbyname(options.digest)) > 0, "sign");
    unsigned char* der = nullptr;
    const int size = ::i2d_X509_REQ(request.get(), &der);
    check(size > 0, "encode");
    Bytes bytes(der, der + size);
    ::OPENSSL_free(der);
    return bytes;
}

Certificate make_signer(EVP_PKEY* key, const std::string& subject) {
    const X509Ptr certificate(::X509_new());
    check(::X509_set_version(certificate.get(), 2) == 1, "version");
    check(::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), 1) == 1, "serial");
    ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), -3600);
    ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), 86400);
    const X509NamePtr name = name_of(subject);
    check(::X509_set_subject_name(certificate.get(), name.get()) == 1, "subject");
    check(::X509_set_issuer_name(certificate.get(), name.get()) == 1, "issuer");
    check(::X509_set_pubkey(certificate.get(), key) == 1, "public key");
    check(::X509_sign(certificate.get(), key, ::EVP_sha256()) > 0, "sign");
    return must(Certificate::from_handle(certificate.get()));
}

Bytes make_envelope(ByteView content, const std::vector<Certificate>& recipients,
                    const char* cipher) {
    STACK_OF(X509)* stack = sk_X509_new_null();
    for (const Certificate& recipient : recipients)
        sk_X509_push(stack, recipient.handle());
    const void* const data = content.empty() ? "" : static_cast<const void*>(content.data());
    const BioPtr plain(::BIO_new_mem_buf(data, static_cast<int>(content.size())));
    const CmsPtr envelope(
        ::CMS_encrypt(stack, plain.get(), ::EVP_get_cipherbyname(cipher), CMS_BINARY));
    sk_X509_free(stack);
    check(envelope != nullptr, "envelope");
    const BioPtr sealed(::BIO_new(::BIO_s_mem()));
    check(::i2d_CMS_bio(sealed.get(), envelope.get()) == 1, "encode envelope");
    return bio_bytes(sealed.get());
}

Bytes sign_envelope(ByteView envelope, EVP_PKEY* key, const Certificate& signer,
                    const MessageOptions& options) {
    const BioPtr sealed(::BIO_new_mem_buf(envelope.data(), static_cast<int>(envelope.size())));
    const unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
    const CmsPtr message(::CMS_sign(nullptr, nullptr, nullptr, nullptr, flags));
    CMS_SignerInfo* info = ::CMS_add1_signer(message.get(), signer.handle(), key,
                                             ::EVP_get_digestbyname(options.digest), flags);
    check(info != nullptr, "signer");
    const std::string transaction =
        options.transaction_id.empty() ? to_hex(random_bytes(16)) : options.transaction_id;
    const Bytes nonce = options.sender_nonce.empty() ? random_bytes(16) : options.sender_nonce;
    add_text(info, kMessageType, options.message_type);
    add_text(info, kTransactionId, transaction);
    check(::CMS_signed_add1_attr_by_txt(info, kSenderNonce, V_ASN1_OCTET_STRING, nonce.data(),
                                        static_cast<int>(nonce.size())) == 1,
          "nonce");
    check(::CMS_final(message.get(), sealed.get(), nullptr, flags) == 1, "sign message");
    const BioPtr out(::BIO_new(::BIO_s_mem()));
    check(::i2d_CMS_bio(out.get(), message.get()) == 1, "encode message");
    return bio_bytes(out.get());
}

Bytes make_message(ByteView content, EVP_PKEY* key, const Certificate& signer,
                   const std::vector<Certificate>& recipients, const MessageOptions& options) {
    return sign_envelope(make_envelope(content, recipients, options.cipher), key, signer, options);
}

namespace {

struct OpenedReply {
    Reply reply;
    Bytes content;
};

// What is outside of the envelope, signature verified, and the envelope.
OpenedReply read_outside(ByteView message) {
    const CmsPtr cms = parse_cms(message);
    const BioPtr content(::BIO_new(::BIO_s_mem()));
    check(::CMS_verify(cms.get(), nullptr, nullptr, nullptr, content.get(),
                       CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1,
          "verify reply");
    STACK_OF(CMS_SignerInfo)* infos = ::CMS_get0_SignerInfos(cms.get());
    check(sk_CMS_SignerInfo_num(infos) == 1, "one signer");
    CMS_SignerInfo* info = sk_CMS_SignerInfo_value(infos, 0);
    Reply reply;
    reply.pki_status = text_attribute(info, kPkiStatus);
    reply.fail_info = text_attribute(info, kFailInfo);
    reply.transaction_id = text_attribute(info, kTransactionId);
    reply.recipient_nonce = attribute_value(info, kRecipientNonce).value_or(Bytes());
    ASN1_OCTET_STRING** octets = ::CMS_get0_content(cms.get());
    reply.has_content = octets != nullptr && *octets != nullptr;
    return {std::move(reply), bio_bytes(content.get())};
}

Bytes open_reply(ByteView envelope, EVP_PKEY* key, const Certificate& signer) {
    const CmsPtr cms = parse_cms(envelope);
    const BioPtr opened(::BIO_new(::BIO_s_mem()));
    check(::CMS_decrypt(cms.get(), key, signer.handle(), nullptr, opened.get(), CMS_BINARY) == 1,
          "open reply");
    return bio_bytes(opened.get());
}

}  // namespace

Reply read_reply(ByteView message, EVP_PKEY* key, const Certificate& signer) {
    auto [reply, content] = read_outside(message);
    if (reply.pki_status == "0")
        reply.certificates = read_certificate_list(open_reply(content, key, signer));
    return std::move(reply);
}

Bytes read_crl_reply(ByteView message, EVP_PKEY* key, const Certificate& signer) {
    const auto [reply, content] = read_outside(message);
    if (reply.pki_status != "0") return {};
    const CmsPtr cms = parse_cms(open_reply(content, key, signer));
    STACK_OF(X509_CRL)* crls = ::CMS_get1_crls(cms.get());
    Bytes der;
    if (sk_X509_CRL_num(crls) == 1) {
        unsigned char* octets = nullptr;
        const int size = ::i2d_X509_CRL(sk_X509_CRL_value(crls, 0), &octets);
        der.assign(octets, octets + std::max(size, 0));
        ::OPENSSL_free(octets);
    }
    sk_X509_CRL_pop_free(crls, ::X509_CRL_free);
    return der;
}

Reply read_reply_under(ByteView message, const std::string& password) {
    auto [reply, content] = read_outside(message);
    if (reply.pki_status != "0") return reply;
    char folder[] = "/tmp/ndes-reply-XXXXXX";
    check(::mkdtemp(folder) != nullptr, "temporary folder");
    const std::string base = folder;
    std::ofstream(base + "/in", std::ios::binary) << as_text(content);
    const std::string command = "openssl cms -decrypt -binary -inform DER -in " + base +
                                "/in -pwri_password '" + password + "' -out " + base + "/out";
    const bool opened = std::system(command.c_str()) == 0;
    std::ifstream stream(base + "/out", std::ios::binary);
    const std::string list{std::istreambuf_iterator<char>(stream), {}};
    std::filesystem::remove_all(base);
    check(opened, "openssl cms -decrypt");
    reply.certificates = read_certificate_list(as_bytes(list));
    return std::move(reply);
}

Bytes make_issuer_and_serial(const Certificate& certificate) {
    unsigned char* name = nullptr;
    const int name_size = ::i2d_X509_NAME(::X509_get_issuer_name(certificate.handle()), &name);
    unsigned char* serial = nullptr;
    const int serial_size =
        ::i2d_ASN1_INTEGER(::X509_get0_serialNumber(certificate.handle()), &serial);
    check(name_size > 0 && serial_size > 0 && name_size + serial_size < 256, "issuer and serial");
    Bytes der{0x30};
    if (name_size + serial_size >= 0x80) der.push_back(0x81);
    der.push_back(static_cast<std::uint8_t>(name_size + serial_size));
    der.insert(der.end(), name, name + name_size);
    der.insert(der.end(), serial, serial + serial_size);
    ::OPENSSL_free(name);
    ::OPENSSL_free(serial);
    return der;
}

std::string peek_pki_status(ByteView message) {
    // OID pkiStatus, SET of 3 octets, PrintableString of 1.
    constexpr std::array<std::uint8_t, 16> pattern{0x06, 0x0a, 0x60, 0x86, 0x48, 0x01, 0x86, 0xf8,
                                                   0x45, 0x01, 0x09, 0x03, 0x31, 0x03, 0x13, 0x01};
    const auto found = std::search(message.begin(), message.end(), pattern.begin(), pattern.end());
    if (message.end() - found <= static_cast<std::ptrdiff_t>(pattern.size())) return {};
    return std::string(1, static_cast<char>(*(found + pattern.size())));
}

std::vector<Certificate> read_certificate_list(ByteView message) {
    const CmsPtr cms = parse_cms(message);
    STACK_OF(X509)* stack = ::CMS_get1_certs(cms.get());
    std::vector<Certificate> certificates;
    for (int i = 0; i < sk_X509_num(stack); ++i) {
        certificates.push_back(must(Certificate::from_handle(sk_X509_value(stack, i))));
    }
    sk_X509_pop_free(stack, ::X509_free);
    return certificates;
}

}  // namespace ndes::test
