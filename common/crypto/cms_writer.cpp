#include "common/crypto/cms_writer.h"

#include <climits>
#include <string>

#include <openssl/rsa.h>

#include "common/crypto/key.h"

namespace ndes {
namespace {

Failure library_failure(const char* what) {
    return fail(ErrorCode::internal, what, take_openssl_errors());
}

Result<Bytes> der_of(CMS_ContentInfo* cms) {
    const int length = ::i2d_CMS_ContentInfo(cms, nullptr);
    if (length <= 0) return library_failure("the CMS message cannot be encoded");
    Bytes der(static_cast<std::size_t>(length));
    unsigned char* end = der.data();
    if (::i2d_CMS_ContentInfo(cms, &end) != length) {
        return library_failure("the CMS message cannot be encoded");
    }
    return der;
}

Result<BioPtr> source_of(ByteView content) {
    if (content.size() > INT_MAX) return fail(ErrorCode::too_large, "too large for CMS");
    BioPtr source(::BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
    if (!source) return library_failure("memory for CMS");
    return source;
}

Result<void> judge_recipient(const Certificate& certificate) {
    const KeyFacts facts = key_facts(certificate.public_key());
    const auto refuse = [&](const char* why) {
        return fail(ErrorCode::configuration, certificate.subject_text() + ": " + why);
    };
    switch (facts.type) {
        case KeyType::rsa:
            if (facts.bits < kLeastRsaBits) return refuse("the RSA key has less than 2048 bits");
            if (certificate.has_key_usage(KeyUsage::key_encipherment)) return {};
            return refuse("its key usage lacks keyEncipherment");
        case KeyType::ec:
            if (certificate.has_key_usage(KeyUsage::key_agreement)) return {};
            return refuse("its key usage lacks keyAgreement");
        case KeyType::other: break;
    }
    return refuse("the key is neither RSA nor EC");
}

// PKCS #1 v1.5, the library's default, invites guessing attacks on whoever decrypts.
bool use_oaep(CMS_RecipientInfo* recipient) {
    EVP_PKEY_CTX* const context = ::CMS_RecipientInfo_get0_pkey_ctx(recipient);
    return context != nullptr &&
           ::EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
           ::EVP_PKEY_CTX_set_rsa_oaep_md(context, ::EVP_sha256()) == 1 &&
           ::EVP_PKEY_CTX_set_rsa_mgf1_md(context, ::EVP_sha256()) == 1;
}

}  // namespace

Result<CmsSigner> load_cms_signer(const std::filesystem::path& certificate_file,
                                  const std::filesystem::path& key_file) {
    auto chain = load_certificates(certificate_file);
    if (!chain) return pass_on(chain);
    auto key = load_private_key(key_file);
    if (!key) return pass_on(key);
    const Certificate& leaf = chain->front();
    if (!leaf.matches(key->get())) {
        return fail(ErrorCode::configuration, key_file.string() +
                                                  ": is not the key of the first certificate in " +
                                                  certificate_file.string());
    }
    if (!leaf.has_key_usage(KeyUsage::digital_signature)) {
        return fail(ErrorCode::configuration,
                    certificate_file.string() + ": its key usage lacks digitalSignature");
    }
    return CmsSigner{leaf,
                     {chain->begin() + 1, chain->end()},
                     std::shared_ptr<EVP_PKEY>(key->release(), OpensslFree<::EVP_PKEY_free>())};
}

Result<std::vector<Certificate>> load_cms_recipients(const std::filesystem::path& file) {
    auto certificates = load_certificates(file);
    if (!certificates) return certificates;
    for (const Certificate& certificate : *certificates) {
        if (auto fit = judge_recipient(certificate); !fit) return pass_on(fit, file.string());
    }
    return certificates;
}

bool is_in_date(const Certificate& certificate, WallTime now) {
    return now >= certificate.not_before() && now < certificate.not_after();
}

Result<Bytes> sign_cms(ByteView content, const CmsSigner& signer) {
    auto source = source_of(content);
    if (!source) return pass_on(source);
    constexpr unsigned kFlags = CMS_BINARY | CMS_PARTIAL;
    const CmsPtr cms(::CMS_sign(nullptr, nullptr, nullptr, nullptr, kFlags));
    if (!cms) return library_failure("the message cannot be signed");
    bool made = ::CMS_add1_signer(cms.get(), signer.certificate.handle(), signer.key.get(),
                                  ::EVP_sha256(), kFlags) != nullptr;
    for (const Certificate& certificate : signer.chain) {
        made = made && ::CMS_add1_cert(cms.get(), certificate.handle()) == 1;
    }
    made = made && ::CMS_final(cms.get(), source->get(), nullptr, CMS_BINARY) == 1;
    if (!made) return library_failure("the message cannot be signed");
    return der_of(cms.get());
}

Result<Bytes> encrypt_cms(ByteView content, std::span<const Certificate> recipients) {
    if (recipients.empty()) return fail(ErrorCode::bad_request, "no recipient to encrypt to");
    auto source = source_of(content);
    if (!source) return pass_on(source);
    const CmsPtr cms(
        ::CMS_encrypt(nullptr, nullptr, ::EVP_aes_256_cbc(), CMS_BINARY | CMS_PARTIAL));
    if (!cms) return library_failure("the message cannot be encrypted");
    for (const Certificate& recipient : recipients) {
        const bool is_rsa = key_facts(recipient.public_key()).type == KeyType::rsa;
        CMS_RecipientInfo* const info =
            ::CMS_add1_recipient_cert(cms.get(), recipient.handle(), is_rsa ? CMS_KEY_PARAM : 0);
        if (info == nullptr || (is_rsa && !use_oaep(info))) {
            return library_failure("a recipient's key cannot be used");
        }
    }
    if (::CMS_final(cms.get(), source->get(), nullptr, CMS_BINARY) != 1) {
        return library_failure("the message cannot be encrypted");
    }
    return der_of(cms.get());
}

}  // namespace ndes
