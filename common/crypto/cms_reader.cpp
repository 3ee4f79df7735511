#include "common/crypto/cms_reader.h"

#include <algorithm>
#include <utility>

#include "common/crypto/digest.h"

namespace ndes {
namespace {

using namespace std::string_view_literals;
using CertificateStack =
    std::unique_ptr<STACK_OF(X509), OpensslFree<[](STACK_OF(X509) * certificates) {
                        sk_X509_pop_free(certificates, ::X509_free);
                    }>>;

constexpr std::size_t kAesBlock = 16;

CmsPtr parse(ByteView octets) {
    const unsigned char* position = octets.data();
    return CmsPtr(::d2i_CMS_ContentInfo(nullptr, &position, static_cast<long>(octets.size())));
}

bool is_usable_key(const EVP_PKEY* key) {
    if (key == nullptr) return false;
    const KeyFacts facts = key_facts(key);
    if (facts.type == KeyType::ec) return facts.named_curve;
    return facts.type == KeyType::rsa && facts.bits >= kLeastRsaBits;
}

bool is_strong(std::string_view digest) {
    return digest == "SHA-256" || digest == "SHA-384" || digest == "SHA-512";
}

// The digest of the content, and that of the signature if its algorithm names one.
bool has_strong_digest(CMS_SignerInfo* signer) {
    X509_ALGOR* digest = nullptr;
    X509_ALGOR* signature = nullptr;
    ::CMS_SignerInfo_get0_algs(signer, nullptr, nullptr, &digest, &signature);
    const int nid = ::OBJ_obj2nid(digest->algorithm);
    if (!is_strong(digest_name(nid))) return false;
    int signed_digest = NID_undef;
    ::OBJ_find_sigid_algs(::OBJ_obj2nid(signature->algorithm), &signed_digest, nullptr);
    return signed_digest == NID_undef || signed_digest == nid;
}

bool has_attribute_once(CMS_SignerInfo* signer, int nid) {
    const int first = ::CMS_signed_get_attr_by_NID(signer, nid, -1);
    if (first < 0 || ::CMS_signed_get_attr_by_NID(signer, nid, first) >= 0) return false;
    return ::X509_ATTRIBUTE_count(::CMS_signed_get_attr(signer, first)) == 1;
}

// RFC 5652 section 5.3: with signed attributes these two must be there.
bool has_demanded_attributes(CMS_SignerInfo* signer) {
    if (!has_attribute_once(signer, NID_pkcs9_contentType) ||
        !has_attribute_once(signer, NID_pkcs9_messageDigest)) {
        return false;
    }
    const int at = ::CMS_signed_get_attr_by_NID(signer, NID_pkcs9_contentType, -1);
    const ASN1_TYPE* value = ::X509_ATTRIBUTE_get0_type(::CMS_signed_get_attr(signer, at), 0);
    return value != nullptr && ::ASN1_TYPE_get(value) == V_ASN1_OBJECT &&
           ::OBJ_obj2nid(value->value.object) == NID_pkcs7_data;
}

bool names(CMS_RecipientInfo* info, X509* certificate) {
    if (::CMS_RecipientInfo_type(info) == CMS_RECIPINFO_TRANS) {
        return ::CMS_RecipientInfo_ktri_cert_cmp(info, certificate) == 0;
    }
    if (::CMS_RecipientInfo_type(info) != CMS_RECIPINFO_AGREE) return false;
    STACK_OF(CMS_RecipientEncryptedKey)* keys = ::CMS_RecipientInfo_kari_get0_reks(info);
    for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); ++i) {
        if (::CMS_RecipientEncryptedKey_cert_cmp(sk_CMS_RecipientEncryptedKey_value(keys, i),
                                                 certificate) == 0) {
            return true;
        }
    }
    return false;
}

const CmsRecipient* find_recipient(CMS_ContentInfo* cms,
                                   const std::vector<CmsRecipient>& recipients) {
    STACK_OF(CMS_RecipientInfo)* infos = ::CMS_get0_RecipientInfos(cms);
    for (const CmsRecipient& recipient : recipients) {
        for (int i = 0; i < sk_CMS_RecipientInfo_num(infos); ++i) {
            if (names(sk_CMS_RecipientInfo_value(infos, i), recipient.certificate.handle())) {
                return &recipient;
            }
        }
    }
    return nullptr;
}

// A memory BIO whose octets are wiped before it is freed: the plain text passes through it.
class WipedOutput {
  public:
    WipedOutput() : bio_(::BIO_new(::BIO_s_secmem())) {}
    BIO* get() const { return bio_.get(); }
    ByteView octets() const {
        char* data = nullptr;
        const long size = BIO_get_mem_data(bio_.get(), &data);
        return as_bytes({data, size > 0 ? static_cast<std::size_t>(size) : 0});
    }

  private:
    BioPtr bio_;
};

std::optional<CmsDecrypted> decrypt(ByteView envelope,
                                    const std::vector<CmsRecipient>& recipients) {
    const CmsPtr cms = parse(envelope);
    const WipedOutput output;
    if (!cms || output.get() == nullptr) return std::nullopt;
    const CmsRecipient* recipient = find_recipient(cms.get(), recipients);
    if (recipient == nullptr) return std::nullopt;
    if (::CMS_decrypt(cms.get(), recipient->key.get(), recipient->certificate.handle(), nullptr,
                      output.get(), CMS_BINARY) != 1) {
        return std::nullopt;
    }
    return CmsDecrypted{Secret(to_bytes(output.octets())), recipient};
}

}  // namespace

tl::expected<CmsSignedMessage, CmsFault> CmsSignedMessage::read(ByteView message,
                                                                const CmsLimits& limits) {
    if (const auto fault = check_signed_shape(message, limits)) return tl::unexpected(*fault);
    CmsSignedMessage read;
    read.cms_ = parse(message);
    const auto* signers = read.cms_ ? ::CMS_get0_SignerInfos(read.cms_.get()) : nullptr;
    take_openssl_errors();
    if (signers == nullptr || sk_CMS_SignerInfo_num(signers) != 1) {
        return tl::unexpected(CmsFault{false, "message is not CMS SignedData"sv});
    }
    read.signer_info_ = sk_CMS_SignerInfo_value(signers, 0);
    return read;
}

std::optional<Certificate> CmsSignedMessage::find_signer(
    const std::vector<Certificate>& known) const {
    std::optional<Certificate> found;
    bool ambiguous = false;
    const auto consider = [&](X509* handle) {
        if (::CMS_SignerInfo_cert_cmp(signer_info_, handle) != 0) return;
        auto candidate = Certificate::from_handle(handle);
        if (!candidate) return;
        if (found && found->der() != candidate->der()) ambiguous = true;
        found = std::move(*candidate);
    };
    const CertificateStack carried(::CMS_get1_certs(cms_.get()));
    for (int i = 0; i < sk_X509_num(carried.get()); ++i)
        consider(sk_X509_value(carried.get(), i));
    for (const Certificate& certificate : known)
        consider(certificate.handle());
    take_openssl_errors();
    if (ambiguous) return std::nullopt;
    return found;
}

bool CmsSignedMessage::verify(const Certificate& signer) {
    if (!is_usable_key(signer.public_key()) || !has_strong_digest(signer_info_) ||
        !has_demanded_attributes(signer_info_)) {
        return false;
    }
    ::CMS_SignerInfo_set1_signer_cert(signer_info_, signer.handle());
    constexpr unsigned kFlags = CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY;
    const bool verified = ::CMS_verify(cms_.get(), nullptr, nullptr, nullptr, nullptr, kFlags) == 1;
    take_openssl_errors();
    return verified;
}

ByteView CmsSignedMessage::content() const {
    ASN1_OCTET_STRING** content = ::CMS_get0_content(cms_.get());
    if (content == nullptr || *content == nullptr) return {};
    return {::ASN1_STRING_get0_data(*content),
            static_cast<std::size_t>(::ASN1_STRING_length(*content))};
}

std::size_t aes_cbc_iv_octets(std::string_view oid) {
    const bool is_aes_cbc = oid == "\x60\x86\x48\x01\x65\x03\x04\x01\x02"sv ||
                            oid == "\x60\x86\x48\x01\x65\x03\x04\x01\x16"sv ||
                            oid == "\x60\x86\x48\x01\x65\x03\x04\x01\x2A"sv;
    return is_aes_cbc ? kAesBlock : 0;
}

std::optional<CmsDecrypted> open_cms_envelope(ByteView envelope,
                                              const std::vector<CmsRecipient>& recipients,
                                              const CmsLimits& limits) {
    if (!check_envelope_shape(envelope, limits, aes_cbc_iv_octets)) return std::nullopt;
    std::optional<CmsDecrypted> opened = decrypt(envelope, recipients);
    take_openssl_errors();  // which step failed is told to nobody
    return opened;
}

}  // namespace ndes
