// read_signed: the signed outside of a request, cheapest checks first.
#include <array>
#include <utility>

#include "common/crypto/digest.h"
#include "scep-server/message/algorithms.h"
#include "scep-server/message/asn1_prefilter.h"
#include "scep-server/message/legacy_provider.h"
#include "scep-server/message/pki_message.h"
#include "scep-server/message/signed_attributes.h"

namespace ndes::scep {
namespace {

using CertificateStack =
    std::unique_ptr<STACK_OF(X509), OpensslFree<[](STACK_OF(X509) * certificates) {
                        sk_X509_pop_free(certificates, ::X509_free);
                    }>>;
using Step = std::optional<Refusal>;  // absent: go on

// Absent: no request of RFC 8894; a reply (CertRep) is none either.
std::optional<MessageType> request_type_of(int number) {
    constexpr std::array kRequests{MessageType::renewal_req, MessageType::pkcs_req,
                                   MessageType::cert_poll, MessageType::get_cert,
                                   MessageType::get_crl};
    for (const MessageType type : kRequests) {
        if (static_cast<int>(type) == number) return type;
    }
    return std::nullopt;
}

// One message on its way through the steps; what was read so far goes into a refusal too.
class SignedReader {
  public:
    explicit SignedReader(const AlgorithmPolicy& policy) : policy_(policy) {}

    tl::expected<SignedRequest, Refusal> read(ByteView message) {
        Step refused = parse(message);
        if (!refused) refused = read_attributes();
        if (!refused) refused = find_signer();
        if (!refused) refused = check_digest();
        if (!refused) refused = read_envelope();
        if (!refused) refused = verify();
        take_openssl_errors();
        if (refused) return tl::unexpected(*std::move(refused));
        return std::move(request_);
    }

  private:
    Refusal refuse(FailInfo info, Error error) const {
        Refusal refusal;
        refusal.fail_info = info;
        refusal.error = std::move(error);
        refusal.transaction_id = request_.transaction_id;
        refusal.sender_nonce = request_.sender_nonce;
        if (request_.signer.handle() != nullptr) refusal.signer = request_.signer;
        refusal.digest_name = request_.digest_name;
        return refusal;
    }
    Refusal refuse(FailInfo info, std::string_view text) const {
        return refuse(info, Error{ErrorCode::bad_request, std::string(text), take_openssl_errors(),
                                  std::nullopt});
    }

    Step refuse_type(int number) const {
        Refusal refusal = refuse(FailInfo::bad_request,
                                 "messageType " + std::to_string(number) + " is no request");
        refusal.no_request = true;
        return refusal;
    }

    Step parse(ByteView message) {
        if (const auto fault = check_signed_shape(message)) {
            return refuse(fault->fail_info, fault->text);
        }
        const unsigned char* position = message.data();
        cms_.reset(::d2i_CMS_ContentInfo(nullptr, &position, static_cast<long>(message.size())));
        if (!cms_) return refuse(FailInfo::bad_request, "message is not CMS SignedData");
        const auto* signers = ::CMS_get0_SignerInfos(cms_.get());
        if (signers == nullptr || sk_CMS_SignerInfo_num(signers) != 1) {
            return refuse(FailInfo::bad_request, "SignedData has not exactly one signer");
        }
        signer_info_ = sk_CMS_SignerInfo_value(signers, 0);
        return std::nullopt;
    }

    // All three are read before any fault counts, so that the refusal can be addressed.
    Step read_attributes() {
        auto transaction_id = read_transaction_id(signer_info_);
        auto nonce = read_sender_nonce(signer_info_);
        auto number = read_message_type_number(signer_info_);
        if (transaction_id) request_.transaction_id = *std::move(transaction_id);
        if (nonce) request_.sender_nonce = *std::move(nonce);
        if (!transaction_id) return refuse(FailInfo::bad_request, transaction_id.error());
        if (!nonce) return refuse(FailInfo::bad_request, nonce.error());
        if (!number) return refuse(FailInfo::bad_request, number.error());
        const auto type = request_type_of(*number);
        if (!type) return refuse_type(*number);
        request_.message_type = *type;
        return std::nullopt;
    }

    // The certificate that the signer identifier names; a second one of that name would leave
    // it open which of them is meant.
    Step find_signer() {
        const CertificateStack certificates(::CMS_get1_certs(cms_.get()));
        X509* found = nullptr;
        for (int i = 0; i < sk_X509_num(certificates.get()); ++i) {
            X509* candidate = sk_X509_value(certificates.get(), i);
            if (::CMS_SignerInfo_cert_cmp(signer_info_, candidate) != 0) continue;
            if (found != nullptr) return refuse(FailInfo::bad_request, "two signer certificates");
            found = candidate;
        }
        if (found == nullptr) return refuse(FailInfo::bad_request, "no signer certificate");
        auto signer = Certificate::from_handle(found);
        if (!signer) return refuse(FailInfo::bad_request, signer.error());
        const EVP_PKEY* key = signer->public_key();
        if (key == nullptr || key_facts(key).type == KeyType::other) {
            return refuse(FailInfo::bad_alg, "signer's key is neither RSA nor EC");
        }
        request_.signer = *std::move(signer);
        ::CMS_SignerInfo_set1_signer_cert(signer_info_, found);
        return std::nullopt;
    }

    Step check_digest() {
        X509_ALGOR* digest = nullptr;
        X509_ALGOR* signature = nullptr;
        ::CMS_SignerInfo_get0_algs(signer_info_, nullptr, nullptr, &digest, &signature);
        const int nid = ::OBJ_obj2nid(digest->algorithm);
        request_.digest_name = digest_name(nid);
        const bool legacy = policy_.legacy_des_sha1 && request_.digest_name == kSha1;
        if (!legacy && !is_strong_digest(request_.digest_name)) {
            request_.digest_name.clear();  // never mirrored in the reply
            return refuse(FailInfo::bad_alg, "digest is not permitted");
        }
        request_.used_legacy = legacy;
        // sha256WithRSAEncryption and its like name a digest of their own.
        int signed_digest = NID_undef;
        ::OBJ_find_sigid_algs(::OBJ_obj2nid(signature->algorithm), &signed_digest, nullptr);
        if (signed_digest != NID_undef && signed_digest != nid) {
            return refuse(FailInfo::bad_alg, "signature algorithm has another digest");
        }
        return std::nullopt;
    }

    Step read_envelope() {
        ASN1_OCTET_STRING** content = ::CMS_get0_content(cms_.get());
        if (content == nullptr || *content == nullptr) {
            return refuse(FailInfo::bad_request, "SignedData carries no content");
        }
        const ByteView envelope(::ASN1_STRING_get0_data(*content),
                                static_cast<std::size_t>(::ASN1_STRING_length(*content)));
        const auto cipher = check_envelope_shape(envelope);
        if (!cipher) return refuse(cipher.error().fail_info, cipher.error().text);
        request_.cipher_name = (*cipher)->name;
        const bool single_des = request_.cipher_name == kSingleDes;
        const bool triple_des = request_.cipher_name == kTripleDes;
        if ((single_des && !policy_.legacy_des_sha1) || (triple_des && !policy_.allow_3des)) {
            return refuse(FailInfo::bad_alg, "content cipher is not permitted");
        }
        if (single_des && legacy_library_context() == nullptr) {
            return refuse(FailInfo::bad_alg, "OpenSSL's legacy provider is not installed");
        }
        request_.used_legacy = request_.used_legacy || single_des;
        request_.envelope = to_bytes(envelope);
        return std::nullopt;
    }

    // Signature only: whether the signer may ask is not decided here.
    Step verify() {
        constexpr unsigned kFlags = CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY;
        if (::CMS_verify(cms_.get(), nullptr, nullptr, nullptr, nullptr, kFlags) != 1) {
            return refuse(FailInfo::bad_message_check, "signature does not verify");
        }
        return std::nullopt;
    }

    const AlgorithmPolicy& policy_;
    CmsPtr cms_;
    CMS_SignerInfo* signer_info_ = nullptr;  // inside cms_
    SignedRequest request_;
};

}  // namespace

tl::expected<SignedRequest, Refusal> read_signed(ByteView message, const AlgorithmPolicy& policy) {
    return SignedReader(policy).read(message);
}

}  // namespace ndes::scep
