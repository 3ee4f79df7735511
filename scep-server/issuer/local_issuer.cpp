#include "scep-server/issuer/local_issuer.h"

#include <algorithm>
#include <utility>

#include "common/crypto/digest.h"
#include "common/crypto/key.h"
#include "scep-server/issuer/certificate_builder.h"

namespace ndes::scep {
namespace {

constexpr std::size_t kSerialOctets = 16;
constexpr int kSerialTries = 3;  // one is enough unless the source of random numbers is broken

// The CA's key, checked to be its certificate's.
Result<EvpPkeyPtr> load_ca_key(const LocalIssuerOptions& options, const Certificate& ca) {
    auto key = load_key(options.key);
    if (!key) return pass_on(key, "CA key");
    if (!ca.matches(key->get()))
        return fail(ErrorCode::configuration,
                    "CA key " + options.key.text() + ": is not the key of the CA certificate");
    return key;
}

class LocalIssuer final : public IssuerOfKnownCa {
  public:
    LocalIssuer(KnownCa ca, EvpPkeyPtr key, const LocalIssuerOptions& options, const Clock& clock,
                Random& random)
        : IssuerOfKnownCa(std::move(ca)),
          key_(std::move(key)),
          backdate_(options.backdate),
          digest_(::EVP_get_digestbyname(options.hash == "SHA-512"   ? "SHA512"
                                         : options.hash == "SHA-384" ? "SHA384"
                                                                     : "SHA256")),
          clock_(clock),
          random_(random) {}

    bool has_ca_key() const override { return true; }
    void keep_serials(SerialLedger& ledger) override { ledger_ = &ledger; }

    Result<IssueAnswer> issue(const IssueRequest& request) override {
        if (ledger_ == nullptr)
            return fail(ErrorCode::unavailable, "no journal of serial numbers is open");
        if (request.contents.validity_days < 1) return refused("validity: less than one day");
        const auto known = ca();
        const CertificateFrame frame =
            frame_for(known->chain.front(), request.contents.validity_days);
        // The CA signs nothing that outlives or precedes it.
        if (frame.not_after <= clock_.now())
            return fail(ErrorCode::unavailable, "the CA certificate has expired");
        auto certificate = build_certificate(request.contents, *request.csr, frame);
        if (!certificate) {
            if (certificate.error().code == ErrorCode::bad_request)
                return refused(certificate.error().text);
            return pass_on(certificate);
        }
        auto serial = enter_serial(**certificate, request, frame);
        if (!serial) return pass_on(serial, "the journal of serial numbers");
        return sign(**certificate, *serial, *known);
    }

    Result<Bytes> sign_crl(const CrlContents& contents) const override {
        const auto known = ca();
        const Certificate& issuer = known->chain.front();
        if (!issuer.has_key_usage(KeyUsage::crl_sign))
            return fail(ErrorCode::configuration,
                        "the CA certificate's key usage lacks cRLSign: nobody would take its CRL");
        auto crl = build_crl(contents, issuer);
        if (!crl) return pass_on(crl);
        if (::X509_CRL_sign(crl->get(), key_.get(), digest_) <= 0)
            return fail(ErrorCode::internal, "the CA key cannot sign", take_openssl_errors());
        return crl_der(**crl);
    }

    Result<Bytes> sign_as_ca(ByteView content) const override {
        const BioPtr source(::BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
        const CmsPtr cms(::CMS_sign(nullptr, nullptr, nullptr, nullptr, CMS_PARTIAL | CMS_BINARY));
        unsigned char* octets = nullptr;
        int size = 0;
        const auto known = ca();
        if (source && cms &&
            ::CMS_add1_signer(cms.get(), known->chain.front().handle(), key_.get(), digest_,
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
    CertificateFrame frame_for(const Certificate& issuer, int validity_days) {
        const WallTime now = clock_.now();
        const WallTime not_after = now + std::chrono::days(validity_days);
        return {&issuer, random_serial(), std::max(now - backdate_, issuer.not_before()),
                std::min(not_after, issuer.not_after())};
    }

    // 128 random bits; a leading zero octet keeps the INTEGER positive when it is encoded. Zero
    // itself (once in 2^128) is not allowed (RFC 5280 section 4.1.2.2).
    Bytes random_serial() {
        Bytes serial = random_.bytes(kSerialOctets);
        if (std::ranges::all_of(serial, [](std::uint8_t octet) { return octet == 0; }))
            serial.back() = 1;
        return serial;
    }

    // Writes the certificate's serial number down, durably, before anything is signed; another one
    // when it was used before, be it for a certificate of which nothing was heard again.
    Result<std::string> enter_serial(X509& certificate, const IssueRequest& request,
                                     const CertificateFrame& frame) {
        SerialEntry entry;
        entry.ca = frame.issuer->spki_sha256();
        entry.transaction_id = request.transaction_id;
        entry.csr_sha256 = sha256_hex(request.csr->der);
        entry.subject = request.contents.subject;
        entry.intended_at = clock_.now();
        entry.not_after = frame.not_after;
        for (int tries = 1;; ++tries) {
            entry.serial = serial_of(certificate);
            auto entered = ledger_->enter(entry);
            if (entered) return entry.serial;
            if (entered.error().code != ErrorCode::conflict || tries == kSerialTries)
                return pass_on(entered);
            if (auto set = set_serial(certificate, random_serial()); !set) return pass_on(set);
        }
    }

    Result<IssueAnswer> sign(X509& certificate, const std::string& serial,
                             const KnownCa& known) const {
        const std::string authority = known.chain.front().spki_sha256();
        if (::X509_sign(&certificate, key_.get(), digest_) <= 0) {
            std::string why = take_openssl_errors();
            if (auto noted = ledger_->record_failed(authority, serial); !noted)
                why += " and the journal says: " + noted.error().text;
            return fail(ErrorCode::internal, "the CA key cannot sign", std::move(why));
        }
        auto leaf = Certificate::from_handle(&certificate);
        if (!leaf) return pass_on(leaf, "issued certificate");
        if (auto noted = ledger_->record_signed(authority, serial, leaf->sha256()); !noted)
            return pass_on(noted, "serial " + serial + " was signed and is not handed out");
        IssueAnswer answer{IssueState::issued, {std::move(*leaf)}, {}};
        answer.certificates.insert(answer.certificates.end(), known.above_leaf.begin(),
                                   known.above_leaf.end());
        return answer;
    }

    SerialLedger* ledger_ = nullptr;  // set once, before the first request
    EvpPkeyPtr key_;
    std::chrono::milliseconds backdate_;
    const EVP_MD* digest_;
    const Clock& clock_;
    Random& random_;
};

}  // namespace

Result<std::unique_ptr<Issuer>> make_local_issuer(KnownCa ca, const LocalIssuerOptions& options,
                                                  const Clock& clock, Random& random) {
    auto key = load_ca_key(options, ca.chain.front());
    if (!key) return pass_on(key);
    return std::unique_ptr<Issuer>(
        std::make_unique<LocalIssuer>(std::move(ca), std::move(*key), options, clock, random));
}

}  // namespace ndes::scep
