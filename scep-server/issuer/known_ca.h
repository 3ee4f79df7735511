// KnownCa: the certificates of the CA behind an issuer, and the CRL it publishes; what every issuer
// says of its CA, whoever holds the key.
// Knows no key and no protocol. Any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/error.h"
#include "scep-server/issuer/issuer.h"

namespace ndes::scep {

struct KnownCa {
    std::vector<Certificate> chain;       // the CA first, up to the root
    std::vector<Certificate> above_leaf;  // the chain without its root: what goes with a leaf
    std::string name;                     // common name, or the whole subject without one
    std::filesystem::path certificate_file;
    std::filesystem::path crl_file;  // PEM or DER; empty: none
};

// Loads and checks: the first certificate is a CA's (basicConstraints, keyCertSign) with a key of
// at least RSA 2048 or EC 256, valid at `now`, and each one is issued by the next. configuration,
// or not_found, naming the file and what is wrong with it.
Result<KnownCa> load_known_ca(const std::filesystem::path& certificate_file,
                              const std::filesystem::path& crl_file, WallTime now);

// An issuer whose CA's certificates are known from a file.
class IssuerOfKnownCa : public Issuer {
  public:
    explicit IssuerOfKnownCa(KnownCa ca) : ca_(std::make_shared<KnownCa>(std::move(ca))) {}
    std::vector<Certificate> ca_chain() const override { return ca()->chain; }
    std::string name() const override { return ca()->name; }
    // Of the CA's certificates. What is more an issuer adds.
    Result<void> reload(WallTime now) override;
    // Looked at each time: whoever makes the CRL replaces the file. Of several in it, this CA's;
    // configuration when there is none.
    Result<Bytes> crl() const override;

  protected:
    // As it is now; a call goes on with what it began with.
    std::shared_ptr<const KnownCa> ca() const {
        const std::lock_guard lock(mutex_);
        return ca_;
    }
    static IssueAnswer refused(std::string text) {
        return {IssueState::refused, {}, std::move(text)};
    }
    // Of what the CA answered, the certificate for the request's key (else the first one, for the
    // caller to refuse), with the known chain above it. unavailable when there is none.
    Result<IssueAnswer> issued(std::vector<Certificate> answered,
                               const CertificateRequest& csr) const;

  private:
    struct ReadCrl {
        std::shared_ptr<const KnownCa> ca;  // that it was held against
        std::string state;                  // of the file
        Bytes der;
    };
    mutable std::mutex mutex_;  // guards the pointers, held for moments
    std::shared_ptr<const KnownCa> ca_;
    mutable std::shared_ptr<const ReadCrl> crl_;  // large ones are read and verified once
};

}  // namespace ndes::scep
