#include "scep-server/issuer/known_ca.h"

#include <algorithm>
#include <utility>

#include "common/crypto/crl.h"
#include "common/crypto/key.h"
#include "common/file.h"
#include "common/process/file_watcher.h"
#include "scep-server/issuer/crl_builder.h"

namespace ndes::scep {
namespace {

constexpr std::size_t kMaxCrl = 8UL << 20;

Result<void> check_key_strength(const EVP_PKEY* key) {
    if (key != nullptr) {
        const KeyFacts facts = key_facts(key);
        if (facts.type == KeyType::rsa && facts.bits >= 2048) return {};
        if (facts.type == KeyType::ec && facts.bits >= 256) return {};
    }
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

bool is_same_authority(const Certificate& one, const Certificate& other) {
    return one.spki_sha256() == other.spki_sha256() &&
           ::X509_NAME_cmp(::X509_get_subject_name(one.handle()),
                           ::X509_get_subject_name(other.handle())) == 0;
}

std::string common_name_of(const Certificate& certificate) {
    const auto subject = certificate.subject();
    if (subject)
        for (const RelativeName& relative : subject->names())
            for (const NameAttribute& attribute : relative)
                if (attribute.oid == "2.5.4.3") return attribute.value;
    return certificate.subject_text();
}

Result<Bytes> load_crl(const std::filesystem::path& file, const Certificate& ca) {
    auto text = read_file(file, kMaxCrl);
    if (!text) return pass_on(text, "CRL");
    const auto crls = read_crls(*text);
    if (crls.empty())
        return fail(ErrorCode::configuration, "CRL " + file.string() + ": cannot be read");
    const auto own = std::ranges::find_if(crls, [&ca](const X509CrlPtr& crl) {
        return ::X509_CRL_verify(crl.get(), ca.public_key()) == 1;
    });
    take_openssl_errors();  // of those that are another CA's
    if (own == crls.end())
        return fail(ErrorCode::configuration, "CRL " + file.string() + ": is not this CA's");
    return crl_der(**own);
}

}  // namespace

Result<KnownCa> load_known_ca(const std::filesystem::path& certificate_file,
                              const std::filesystem::path& crl_file, WallTime now) {
    const std::string context = "CA certificate " + certificate_file.string();
    auto chain = load_certificates(certificate_file);
    if (!chain) return pass_on(chain, "CA certificate");
    const Certificate& ca = chain->front();
    if (auto ok = check_key_strength(ca.public_key()); !ok) return pass_on(ok, context);
    if (auto ok = check_ca_certificate(ca, now); !ok) return pass_on(ok, context);
    if (auto ok = check_chain(*chain); !ok) return pass_on(ok, context);
    KnownCa known{std::move(*chain), {}, {}, certificate_file, crl_file};
    known.name = common_name_of(known.chain.front());
    for (const Certificate& above : known.chain)
        if (!above.is_self_signed()) known.above_leaf.push_back(above);
    return known;
}

Result<Bytes> IssuerOfKnownCa::crl() const {
    const auto known = ca();
    if (known->crl_file.empty()) return Issuer::crl();
    const std::string state =
        file_state(known->crl_file);  // before it is read: a newer one is read again
    {
        const std::lock_guard lock(mutex_);
        if (crl_ && crl_->ca == known && crl_->state == state) return crl_->der;
    }
    auto der = load_crl(known->crl_file, known->chain.front());
    if (!der) return der;
    const std::lock_guard lock(mutex_);
    crl_ = std::make_shared<const ReadCrl>(ReadCrl{known, state, *der});
    return der;
}

// What was issued by the key, and who was told its name, stays.
Result<void> IssuerOfKnownCa::reload(WallTime now) {
    const auto before = ca();
    auto read = load_known_ca(before->certificate_file, before->crl_file, now);
    if (!read) return pass_on(read);
    if (!is_same_authority(read->chain.front(), before->chain.front()))
        return fail(
            ErrorCode::configuration,
            "CA certificate " + before->certificate_file.string() +
                ": has another key or name than the one in use; another CA takes a restart");
    const std::lock_guard lock(mutex_);
    ca_ = std::make_shared<KnownCa>(std::move(*read));
    return {};
}

Result<IssueAnswer> IssuerOfKnownCa::issued(std::vector<Certificate> answered,
                                            const CertificateRequest& csr) const {
    if (answered.empty())
        return fail(ErrorCode::unavailable, "the CA's answer holds no certificate");
    const auto own = std::ranges::find(answered, csr.spki_sha256, &Certificate::spki_sha256);
    IssueAnswer answer{IssueState::issued, {own == answered.end() ? answered.front() : *own}, {}};
    const auto known = ca();
    answer.certificates.insert(answer.certificates.end(), known->above_leaf.begin(),
                               known->above_leaf.end());
    return answer;
}

}  // namespace ndes::scep
