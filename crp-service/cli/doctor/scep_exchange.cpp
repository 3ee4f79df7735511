#include "crp-service/cli/doctor/scep_exchange.h"

#include <algorithm>

#include "common/crypto/distinguished_name.h"
#include "common/random.h"
#include "scep-server/message/scep_types.h"

namespace ndes::crp::cli::doctor {

namespace {

constexpr std::size_t kNonceOctets = 16;

Failure openssl_fault(const char* what) {
    return ndes::fail(ErrorCode::internal, std::string("cannot make or read ") + what,
                      take_openssl_errors());
}

Bytes octets_of(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return to_bytes(as_bytes({data, static_cast<std::size_t>(size)}));
}

BioPtr bio_of(ByteView octets) {
    return BioPtr(::BIO_new_mem_buf(octets.data(), static_cast<int>(octets.size())));
}

Result<X509NamePtr> name_from(const std::string& subject) {
    auto name = DistinguishedName::from_text(subject);
    if (!name) return pass_on(name);
    return name->to_x509();
}

Result<Certificate> self_signed(EVP_PKEY* key, const std::string& subject) {
    auto name = name_from(subject);
    if (!name) return pass_on(name);
    const X509Ptr made(::X509_new());
    const bool good = made && ::X509_set_version(made.get(), X509_VERSION_3) == 1 &&
                      ::ASN1_INTEGER_set(::X509_get_serialNumber(made.get()), 1) == 1 &&
                      ::X509_gmtime_adj(::X509_getm_notBefore(made.get()), -3600) != nullptr &&
                      ::X509_gmtime_adj(::X509_getm_notAfter(made.get()), 86400) != nullptr &&
                      ::X509_set_subject_name(made.get(), name->get()) == 1 &&
                      ::X509_set_issuer_name(made.get(), name->get()) == 1 &&
                      ::X509_set_pubkey(made.get(), key) == 1 &&
                      ::X509_sign(made.get(), key, ::EVP_sha256()) > 0;
    if (!good) return openssl_fault("a self-signed certificate");
    return Certificate::from_handle(made.get());
}

Result<Bytes> envelope_for(const Certificate& recipient, ByteView content) {
    STACK_OF(X509)* stack = sk_X509_new_null();
    sk_X509_push(stack, recipient.handle());
    const CmsPtr sealed(
        ::CMS_encrypt(stack, bio_of(content).get(), ::EVP_aes_128_cbc(), CMS_BINARY));
    sk_X509_free(stack);
    const BioPtr out(::BIO_new(::BIO_s_mem()));
    if (!sealed || ::i2d_CMS_bio(out.get(), sealed.get()) != 1) return openssl_fault("an envelope");
    return octets_of(out.get());
}

bool add_text(CMS_SignerInfo* signer, const char* oid, const std::string& text) {
    return ::CMS_signed_add1_attr_by_txt(signer, oid, V_ASN1_PRINTABLESTRING, text.data(),
                                         static_cast<int>(text.size())) == 1;
}

std::string attribute_of(CMS_SignerInfo* signer, const char* oid) {
    const Asn1ObjectPtr object(::OBJ_txt2obj(oid, 1));
    const int place = ::CMS_signed_get_attr_by_OBJ(signer, object.get(), -1);
    if (place < 0) return {};
    const ASN1_TYPE* value = ::X509_ATTRIBUTE_get0_type(::CMS_signed_get_attr(signer, place), 0);
    if (value == nullptr ||
        (value->type != V_ASN1_PRINTABLESTRING && value->type != V_ASN1_OCTET_STRING &&
         value->type != V_ASN1_UTF8STRING))
        return {};
    const ASN1_STRING* text = value->value.asn1_string;
    return {reinterpret_cast<const char*>(::ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(::ASN1_STRING_length(text))};
}

Result<std::vector<Certificate>> certificates_of(ByteView signed_data) {
    const CmsPtr cms(::d2i_CMS_bio(bio_of(signed_data).get(), nullptr));
    if (!cms) return openssl_fault("a list of certificates");
    STACK_OF(X509)* found = ::CMS_get1_certs(cms.get());
    std::vector<Certificate> list;
    for (int i = 0; found != nullptr && i < sk_X509_num(found); ++i)
        if (auto one = Certificate::from_handle(sk_X509_value(found, i))) list.push_back(*one);
    sk_X509_pop_free(found, ::X509_free);
    return list;
}

}  // namespace

Result<EvpPkeyPtr> make_device_key() {
    EvpPkeyPtr key(EVP_RSA_gen(2048));
    if (!key) return openssl_fault("a key");
    return key;
}

Result<Bytes> make_request(EVP_PKEY* key, const std::string& subject,
                           const std::string& challenge) {
    auto name = name_from(subject);
    if (!name) return pass_on(name);
    const X509ReqPtr request(::X509_REQ_new());
    const bool good =
        request && ::X509_REQ_set_subject_name(request.get(), name->get()) == 1 &&
        ::X509_REQ_set_pubkey(request.get(), key) == 1 &&
        (challenge.empty() ||
         ::X509_REQ_add1_attr_by_NID(request.get(), NID_pkcs9_challengePassword, MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(challenge.data()),
                                     static_cast<int>(challenge.size())) == 1) &&
        ::X509_REQ_sign(request.get(), key, ::EVP_sha256()) > 0;
    unsigned char* der = nullptr;
    const int size = good ? ::i2d_X509_REQ(request.get(), &der) : 0;
    if (size <= 0) return openssl_fault("a request");
    Bytes octets(der, der + size);
    ::OPENSSL_free(der);
    return octets;
}

Result<std::vector<Certificate>> read_ca_certificates(ByteView answer) {
    if (auto one = Certificate::from_der(answer)) return std::vector<Certificate>{*one};
    return certificates_of(answer);
}

Result<Certificate> encryption_certificate(const std::vector<Certificate>& certificates) {
    const Certificate* found = nullptr;
    for (const Certificate& one : certificates) {
        const bool is_ca = ::X509_check_ca(one.handle()) > 0;
        if (!one.has_key_usage(KeyUsage::key_encipherment)) continue;
        if (found == nullptr || !is_ca) found = &one;
        if (!is_ca) break;
    }
    if (found == nullptr)
        return ndes::fail(ErrorCode::not_found, "GetCACert has no certificate to encrypt to");
    return *found;
}

Result<ScepExchange> ScepExchange::begin(EVP_PKEY* key, const std::string& subject,
                                         ByteView request, const Certificate& recipient) {
    auto own = self_signed(key, subject);
    if (!own) return pass_on(own);
    auto envelope = envelope_for(recipient, request);
    if (!envelope) return pass_on(envelope);
    ScepExchange exchange(key, std::move(*own));
    exchange.transaction_id_ = "DOCTOR" + to_hex(system_random().bytes(13));
    exchange.nonce_ = system_random().bytes(kNonceOctets);
    constexpr unsigned kFlags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
    const CmsPtr message(::CMS_sign(nullptr, nullptr, nullptr, nullptr, kFlags));
    CMS_SignerInfo* signer = message ? ::CMS_add1_signer(message.get(), exchange.own_.handle(), key,
                                                         ::EVP_sha256(), kFlags)
                                     : nullptr;
    const BioPtr out(::BIO_new(::BIO_s_mem()));
    const bool good = signer != nullptr &&
                      add_text(signer, scep::kOidMessageType,
                               std::to_string(static_cast<int>(scep::MessageType::pkcs_req))) &&
                      add_text(signer, scep::kOidTransactionId, exchange.transaction_id_) &&
                      ::CMS_signed_add1_attr_by_txt(
                          signer, scep::kOidSenderNonce, V_ASN1_OCTET_STRING,
                          exchange.nonce_.data(), static_cast<int>(exchange.nonce_.size())) == 1 &&
                      ::CMS_final(message.get(), bio_of(*envelope).get(), nullptr, kFlags) == 1 &&
                      ::i2d_CMS_bio(out.get(), message.get()) == 1;
    if (!good) return openssl_fault("a SCEP message");
    exchange.message_ = octets_of(out.get());
    return exchange;
}

Result<ScepExchange::Reply> ScepExchange::read(ByteView reply,
                                               const std::vector<Certificate>& signers) const {
    const CmsPtr cms(::d2i_CMS_bio(bio_of(reply).get(), nullptr));
    const BioPtr content(::BIO_new(::BIO_s_mem()));
    STACK_OF(X509)* known = sk_X509_new_null();
    for (const Certificate& one : signers)
        sk_X509_push(known, one.handle());
    const bool verified =
        cms && ::CMS_verify(cms.get(), known, nullptr, nullptr, content.get(),
                            CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY | CMS_NOINTERN) == 1;
    sk_X509_free(known);
    if (!verified) return openssl_fault("the reply: none of GetCACert's certificates signed it");
    CMS_SignerInfo* signer = sk_CMS_SignerInfo_value(::CMS_get0_SignerInfos(cms.get()), 0);
    if (attribute_of(signer, scep::kOidTransactionId) != transaction_id_ ||
        attribute_of(signer, scep::kOidRecipientNonce) != as_text(nonce_))
        return ndes::fail(ErrorCode::bad_request, "the reply is for another request");
    Reply result{attribute_of(signer, scep::kOidPkiStatus),
                 attribute_of(signer, scep::kOidFailInfo), std::nullopt};
    if (result.status != "0") return result;
    const CmsPtr envelope(::d2i_CMS_bio(bio_of(octets_of(content.get())).get(), nullptr));
    const BioPtr opened(::BIO_new(::BIO_s_mem()));
    if (!envelope ||
        ::CMS_decrypt(envelope.get(), key_, own_.handle(), nullptr, opened.get(), CMS_BINARY) != 1)
        return openssl_fault("the reply's envelope");
    auto list = certificates_of(octets_of(opened.get()));
    if (!list) return pass_on(list);
    for (const Certificate& one : *list)
        if (one.matches(key_)) result.certificate = one;
    if (!result.certificate)
        return ndes::fail(ErrorCode::bad_request, "the reply has no certificate for our key");
    return result;
}

}  // namespace ndes::crp::cli::doctor
