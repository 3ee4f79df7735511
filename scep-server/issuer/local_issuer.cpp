#include "scep-server/issuer/local_issuer.h"

#include <algorithm>
#include <utility>

#include <openssl/pem.h>

#include "common/crypto/key.h"
#include "common/file.h"
#include "scep-server/issuer/certificate_builder.h"

namespace ndes::scep {
namespace {

constexpr std::size_t kSerialOctets = 16;
constexpr std::size_t kMaxCrl = 8UL << 20;

struct CaMaterial {
    std::vector<Certificate> chain;  // the CA first
    EvpPkeyPtr key;
};

Result<void> check_key_strength(const EVP_PKEY* key) {
    const KeyFacts facts = key_facts(key);
    if (facts.type == KeyType::rsa && facts.bits >= 2048) return {};
    if (facts.type == KeyType::ec && facts.bits >= 256) return {};
    return fail(ErrorCode::configuration,
                "the CA's key must be RSA of at least 2048 bits or EC of at least 256");
}

Result<void> check_ca_certificate(const Certificate& ca, WallTime now) {
    if (!ca.has_key_usage(KeyUsage::key_cert_sign))
        return fail(ErrorCode::configuration, "its key usage lacks keyCertSign");
    if (::X509_check_ca(ca.handle()) != 1)
        return fail(ErrorCode::configuration, "is not a CA certificate (basicConstraints)");
    if (now < ca.not_before())
        return fail(ErrorCode::configuration, "is valid only from " + to_rfc3339(ca.not_before()));
    if (now > ca.not_after())
        return fail(ErrorCode::configuration, "expired at " + to_rfc3339(ca.not_after()));
    return {};
}

Result<void> check_chain(const std::vector<Certificate>& chain) {
    for (std::size_t i = 0; i + 1 < chain.size(); ++i)
        if (!chain[i].is_issued_by(chain[i + 1]))
            return fail(ErrorCode::configuration, "certificate " + std::to_string(i + 1) +
                                                      " is not issued by the one after it");
    return {};
}

Result<CaMaterial> load_ca(const LocalIssuerOptions& options, WallTime now) {
    const std::string context = "CA certificate " + options.certificate_file.string();
    auto chain = load_certificates(options.certificate_file);
    if (!chain) return pass_on(chain, "CA certificate");
    auto key = load_private_key(options.key_file);
    if (!key) return pass_on(key, "CA key");
    if (!chain->front().matches(key->get()))
        return fail(ErrorCode::configuration, "CA key " + options.key_file.string() +
                                                  ": is not the key of " +
                                                  options.certificate_file.string());
    if (auto ok = check_key_strength(key->get()); !ok) return pass_on(ok, context);
    if (auto ok = check_ca_certificate(chain->front(), now); !ok) return pass_on(ok, context);
    if (auto ok = check_chain(*chain); !ok) return pass_on(ok, context);
    return CaMaterial{std::move(*chain), std::move(*key)};
}

// Read anew each time: whoever makes the CRL replaces the file.
Result<Bytes> load_crl(const std::filesystem::path& file, const Certificate& ca) {
    auto text = read_file(file, kMaxCrl);
    if (!text) return pass_on(text, "CRL");
    const BioPtr pem(::BIO_new_mem_buf(text->data(), static_cast<int>(text->size())));
    X509CrlPtr crl(pem ? ::PEM_read_bio_X509_CRL(pem.get(), nullptr, nullptr, nullptr) : nullptr);
    if (!crl) {
        const auto* cursor = reinterpret_cast<const unsigned char*>(text->data());
        crl.reset(::d2i_X509_CRL(nullptr, &cursor, static_cast<long>(text->size())));
    }
    take_openssl_errors();
    if (!crl) return fail(ErrorCode::configuration, "CRL " + file.string() + ": cannot be read");
    if (::X509_CRL_verify(crl.get(), ca.public_key()) != 1) {
        take_openssl_errors();
        return fail(ErrorCode::configuration, "CRL " + file.string() + ": is not this CA's");
    }
    unsigned char* octets = nullptr;
    const int size = ::i2d_X509_CRL(crl.get(), &octets);
    if (size <= 0) return fail(ErrorCode::internal, "CRL: cannot be encoded");
    Bytes der(octets, octets + size);
    ::OPENSSL_free(octets);
    return der;
}

std::string common_name_of(const Certificate& certificate) {
    const auto subject = certificate.subject();
    if (subject)
        for (const RelativeName& relative : subject->names())
            for (const NameAttribute& attribute : relative)
                if (attribute.oid == "2.5.4.3") return attribute.value;
    return certificate.subject_text();
}

class LocalIssuer final : public Issuer {
  public:
    LocalIssuer(CaMaterial ca, const LocalIssuerOptions& options, const Clock& clock,
                Random& random)
        : ca_(std::move(ca)),
          crl_file_(options.crl_file),
          backdate_(options.backdate),
          digest_(::EVP_get_digestbyname(options.hash == "SHA-512"   ? "SHA512"
                                         : options.hash == "SHA-384" ? "SHA384"
                                                                     : "SHA256")),
          clock_(clock),
          random_(random),
          name_(common_name_of(ca_.chain.front())) {
        for (const Certificate& above : ca_.chain)
            if (!above.is_self_signed()) above_leaf_.push_back(above);
    }

    Result<IssueAnswer> issue(const IssueRequest& request) override {
        if (request.contents.validity_days < 1) return refused("validity: less than one day");
        const CertificateFrame frame = frame_for(request.contents.validity_days);
        // The CA signs nothing that outlives or precedes it.
        if (frame.not_after <= clock_.now())
            return fail(ErrorCode::unavailable, "the CA certificate has expired");
        auto certificate = build_certificate(request.contents, *request.csr, frame);
        if (!certificate) {
            if (certificate.error().code == ErrorCode::bad_request)
                return refused(certificate.error().text);
            return pass_on(certificate);
        }
        return sign(**certificate);
    }

    std::vector<Certificate> ca_chain() const override { return ca_.chain; }
    std::string name() const override { return name_; }

    Result<Bytes> crl() const override {
        if (crl_file_.empty()) return Issuer::crl();
        return load_crl(crl_file_, ca_.chain.front());
    }

    Result<Bytes> sign_as_ca(ByteView content) const override {
        const BioPtr source(::BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
        const CmsPtr cms(::CMS_sign(nullptr, nullptr, nullptr, nullptr, CMS_PARTIAL | CMS_BINARY));
        unsigned char* octets = nullptr;
        int size = 0;
        if (source && cms &&
            ::CMS_add1_signer(cms.get(), ca_.chain.front().handle(), ca_.key.get(), digest_,
                              CMS_BINARY | CMS_NOSMIMECAP) != nullptr &&
            ::CMS_final(cms.get(), source.get(), nullptr, CMS_BINARY) == 1)
            size = ::i2d_CMS_ContentInfo(cms.get(), &octets);
        if (size <= 0)
            return fail(ErrorCode::internal, "the CA key cannot sign", take_openssl_errors());
        Bytes message(octets, octets + size);
        ::OPENSSL_free(octets);
        return message;
    }

  private:
    static IssueAnswer refused(std::string text) {
        return {IssueState::refused, {}, std::move(text)};
    }

    CertificateFrame frame_for(int validity_days) {
        const Certificate& ca = ca_.chain.front();
        const WallTime now = clock_.now();
        const WallTime not_after = now + std::chrono::days(validity_days);
        return {&ca, random_serial(), std::max(now - backdate_, ca.not_before()),
                std::min(not_after, ca.not_after())};
    }

    // 128 random bits; a leading zero octet keeps the INTEGER positive when it is encoded. Zero
    // itself (once in 2^128) is not allowed (RFC 5280 section 4.1.2.2).
    Bytes random_serial() {
        Bytes serial = random_.bytes(kSerialOctets);
        if (std::ranges::all_of(serial, [](std::uint8_t octet) { return octet == 0; }))
            serial.back() = 1;
        return serial;
    }

    Result<IssueAnswer> sign(X509& certificate) const {
        if (::X509_sign(&certificate, ca_.key.get(), digest_) <= 0)
            return fail(ErrorCode::internal, "the CA key cannot sign", take_openssl_errors());
        auto leaf = Certificate::from_handle(&certificate);
        if (!leaf) return pass_on(leaf, "issued certificate");
        IssueAnswer answer{IssueState::issued, {std::move(*leaf)}, {}};
        answer.certificates.insert(answer.certificates.end(), above_leaf_.begin(),
                                   above_leaf_.end());
        return answer;
    }

    CaMaterial ca_;
    std::filesystem::path crl_file_;
    std::vector<Certificate> above_leaf_;  // the chain without its root
    std::chrono::milliseconds backdate_;
    const EVP_MD* digest_;
    const Clock& clock_;
    Random& random_;
    std::string name_;
};

}  // namespace

Result<std::unique_ptr<Issuer>> make_local_issuer(const LocalIssuerOptions& options,
                                                  const Clock& clock, Random& random) {
    auto ca = load_ca(options, clock.now());
    if (!ca) return pass_on(ca);
    return std::unique_ptr<Issuer>(
        std::make_unique<LocalIssuer>(std::move(*ca), options, clock, random));
}

}  // namespace ndes::scep
