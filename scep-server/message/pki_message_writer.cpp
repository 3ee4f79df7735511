// CertRep (RFC 8894 section 3.3.2): attributes, envelope and signature of replies.
#include <algorithm>
#include <memory>

#include "scep-server/message/algorithms.h"
#include "scep-server/message/pki_message.h"

namespace ndes::scep {
namespace {

constexpr std::size_t kMaxFailInfoText = 255;
// PBKDF2 for a challenge, which is random and lives for an hour; small devices must be able to.
constexpr int kPasswordIterations = 10'000;

Failure broken(const char* step) { return fail(ErrorCode::internal, step, take_openssl_errors()); }

Result<Bytes> encoded(const CMS_ContentInfo* cms) {
    unsigned char* octets = nullptr;
    const int size = ::i2d_CMS_ContentInfo(cms, &octets);
    if (size <= 0) return broken("reply cannot be encoded");
    Bytes message(octets, octets + size);
    ::OPENSSL_free(octets);
    return message;
}

BioPtr reader_of(ByteView octets) {
    const void* data = octets.empty() ? "" : static_cast<const void*>(octets.data());
    return BioPtr(::BIO_new_mem_buf(data, static_cast<int>(octets.size())));
}

// Attributes of one reply; a failure to add one is kept until the end.
class ReplyAttributes {
  public:
    explicit ReplyAttributes(CMS_SignerInfo* signer) : signer_(signer) {}

    void add(const char* oid, int type, ByteView value) {
        const Asn1ObjectPtr object(::OBJ_txt2obj(oid, 1));
        good_ = good_ && object &&
                ::CMS_signed_add1_attr_by_OBJ(signer_, object.get(), type, value.data(),
                                              static_cast<int>(value.size())) == 1;
    }
    void add_text(const char* oid, std::string_view value) {
        add(oid, V_ASN1_PRINTABLESTRING, as_bytes(value));
    }
    template <class Enum>
    void add_number(const char* oid, Enum value) {
        add_text(oid, std::to_string(static_cast<int>(value)));
    }
    bool good() const { return good_; }

  private:
    CMS_SignerInfo* signer_;
    bool good_ = true;
};

struct Outcome {
    PkiStatus status = PkiStatus::failure;
    std::optional<FailInfo> fail_info;
    std::string_view fail_info_text;
};

// At most kMaxFailInfoText octets, never ending inside a UTF-8 character.
ByteView shortened(std::string_view text) {
    std::size_t size = std::min(text.size(), kMaxFailInfoText);
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
        --size;
    return as_bytes(text.substr(0, size));
}

bool add_attributes(CMS_SignerInfo* signer, const ReplyContext& context, const Outcome& outcome) {
    ReplyAttributes attributes(signer);
    attributes.add_number(kOidMessageType, MessageType::cert_rep);
    attributes.add_number(kOidPkiStatus, outcome.status);
    attributes.add_text(kOidTransactionId, context.transaction_id);
    attributes.add(kOidSenderNonce, V_ASN1_OCTET_STRING, context.sender_nonce);
    if (!context.recipient_nonce.empty()) {
        attributes.add(kOidRecipientNonce, V_ASN1_OCTET_STRING, context.recipient_nonce);
    }
    if (outcome.fail_info) attributes.add_number(kOidFailInfo, *outcome.fail_info);
    if (!outcome.fail_info_text.empty()) {
        attributes.add(kOidFailInfoText, V_ASN1_UTF8STRING, shortened(outcome.fail_info_text));
    }
    return attributes.good();
}

// SignedData over `content`. OpenSSL writes rsaEncryption as SignerInfo.signatureAlgorithm (what
// strongSwan demands) and attaches the signer's certificate.
Result<Bytes> sign(const ReplyContext& context, const RaIdentity& ra, const Outcome& outcome,
                   ByteView content) {
    constexpr unsigned kFlags = CMS_PARTIAL | CMS_BINARY | CMS_NOSMIMECAP;
    const CmsPtr cms(::CMS_sign(nullptr, nullptr, nullptr, nullptr, kFlags));
    if (!cms) return broken("reply cannot be made");
    CMS_SignerInfo* signer =
        ::CMS_add1_signer(cms.get(), ra.signing_certificate.handle(), ra.signing_key.get(),
                          reply_digest(context.digest_name), kFlags);
    if (signer == nullptr || !add_attributes(signer, context, outcome)) {
        return broken("reply cannot be described");
    }
    const BioPtr source = reader_of(content);
    if (!source || ::CMS_final(cms.get(), source.get(), nullptr, CMS_BINARY) != 1) {
        return broken("reply cannot be signed");
    }
    return encoded(cms.get());
}

bool is_rsa(const Certificate& certificate) {
    const EVP_PKEY* key = certificate.public_key();
    return key != nullptr && key_facts(key).type == KeyType::rsa;
}

// Adds the one recipient to an envelope that is not finished.
bool add_recipient(CMS_ContentInfo* cms, const ReplyRecipient& recipient) {
    if (is_rsa(recipient.certificate))
        return ::CMS_add1_recipient_cert(cms, recipient.certificate.handle(), 0) != nullptr;
    // OpenSSL takes the password over and frees it.
    auto* password = static_cast<unsigned char*>(
        ::OPENSSL_memdup(recipient.password.data(), recipient.password.size()));
    if (password == nullptr) return false;
    const bool added =
        ::CMS_add0_recipient_password(cms, kPasswordIterations, NID_undef, NID_undef, password,
                                      static_cast<ossl_ssize_t>(recipient.password.size()),
                                      nullptr) != nullptr;
    if (!added) ::OPENSSL_clear_free(password, recipient.password.size());
    return added;
}

}  // namespace

bool can_be_answered(const ReplyRecipient& recipient) {
    return is_rsa(recipient.certificate) || !recipient.password.empty();
}

Result<Bytes> encrypt_reply(const ReplyRecipient& recipient, ByteView content) {
    const EVP_CIPHER* cipher = reply_cipher(recipient.cipher_name);
    if (cipher == nullptr) return fail(ErrorCode::bad_request, "cipher of the reply is unknown");
    if (!can_be_answered(recipient))
        return fail(ErrorCode::bad_request,
                    "recipient's key cannot decrypt, and there is no challenge to encrypt under");
    constexpr unsigned kFlags = CMS_BINARY | CMS_PARTIAL;
    const CmsPtr cms(::CMS_encrypt(nullptr, nullptr, cipher, kFlags));
    const BioPtr source = reader_of(content);
    if (!cms || !source || !add_recipient(cms.get(), recipient) ||
        ::CMS_final(cms.get(), source.get(), nullptr, CMS_BINARY) != 1)
        return broken("envelope cannot be made");
    return encoded(cms.get());
}

Result<Bytes> encode_success(const ReplyContext& context, const RaIdentity& ra, ByteView envelope) {
    return sign(context, ra, {PkiStatus::success, std::nullopt, {}}, envelope);
}

Result<Bytes> encode_failure(const ReplyContext& context, const RaIdentity& ra, FailInfo info,
                             std::string_view text) {
    return sign(context, ra, {PkiStatus::failure, info, text}, {});
}

Result<Bytes> encode_pending(const ReplyContext& context, const RaIdentity& ra) {
    return sign(context, ra, {PkiStatus::pending, std::nullopt, {}}, {});
}

}  // namespace ndes::scep
