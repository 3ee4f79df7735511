// open_envelope: the only use of the RA's decryption keys.
#include <utility>

#include "common/crypto/ber_elements.h"
#include "scep-server/message/algorithms.h"
#include "scep-server/message/legacy_provider.h"
#include "scep-server/message/pki_message.h"

namespace ndes::scep {
namespace {

CmsPtr parse(const SignedRequest& request) {
    CmsPtr cms;
    if (request.cipher_name == kSingleDes) {
        cms.reset(::CMS_ContentInfo_new_ex(legacy_library_context(), nullptr));
        if (!cms) return nullptr;
    }
    CMS_ContentInfo* target = cms.release();
    const unsigned char* position = request.envelope.data();
    // On failure d2i frees what it was given.
    cms.reset(::d2i_CMS_ContentInfo(target != nullptr ? &target : nullptr, &position,
                                    static_cast<long>(request.envelope.size())));
    return cms;
}

// Which certificate a message is encrypted to stands in it for everybody to read. Without a match
// the RA's own is tried, and fails.
std::pair<const Certificate*, EVP_PKEY*> recipient_of(CMS_ContentInfo* cms, const RaIdentity& ra) {
    STACK_OF(CMS_RecipientInfo)* const list = ::CMS_get0_RecipientInfos(cms);
    for (const OlderDecryption& older : ra.older)
        for (int i = 0; i < sk_CMS_RecipientInfo_num(list); ++i) {
            CMS_RecipientInfo* const info = sk_CMS_RecipientInfo_value(list, i);
            if (::CMS_RecipientInfo_type(info) == CMS_RECIPINFO_TRANS &&
                ::CMS_RecipientInfo_ktri_cert_cmp(info, older.certificate.handle()) == 0)
                return {&older.certificate, older.key.get()};
        }
    return {&ra.encryption_certificate, ra.decryption_key.get()};
}

// The content, or empty octets for every way to fail.
Bytes decrypt(const SignedRequest& request, const RaIdentity& ra) {
    const CmsPtr cms = parse(request);
    const BioPtr output(::BIO_new(::BIO_s_mem()));
    if (!cms || !output) return {};
    const auto [certificate, key] = recipient_of(cms.get(), ra);
    // With the certificate given OpenSSL picks our RecipientInfo by issuer and serial number and
    // puts a random key in place of one that does not decrypt (no Bleichenbacher oracle).
    if (::CMS_decrypt(cms.get(), key, certificate->handle(), nullptr, output.get(), CMS_BINARY) !=
        1) {
        return {};
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(output.get(), &data);
    const std::string_view content(data, size > 0 ? static_cast<std::size_t>(size) : 0);
    // A random key gives good padding once in 256 times; its garbage fails like all the rest.
    const auto header = read_asn1_header(as_bytes(content));
    const bool one_sequence =
        header && header->is(V_ASN1_SEQUENCE) && header->constructed && is_ber(as_bytes(content));
    if (!one_sequence) return {};
    return to_bytes(as_bytes(content));
}

}  // namespace

tl::expected<Bytes, Refusal> open_envelope(const SignedRequest& request, const RaIdentity& ra) {
    Bytes content = decrypt(request, ra);
    take_openssl_errors();  // which step failed is told to nobody
    if (!content.empty()) return content;
    Refusal refusal;
    refusal.fail_info = FailInfo::bad_message_check;
    refusal.error = Error{ErrorCode::bad_request, "envelope cannot be opened", {}, std::nullopt};
    refusal.transaction_id = request.transaction_id;
    refusal.sender_nonce = request.sender_nonce;
    refusal.signer = request.signer;
    refusal.digest_name = request.digest_name;
    return tl::unexpected(std::move(refusal));
}

}  // namespace ndes::scep
