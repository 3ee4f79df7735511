// SmxSealer: wraps a state message for its management point: signed with the CRP's certificate,
// then encrypted to every certificate of the management point that is in date.
// Immutable; any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "common/crypto/cms_writer.h"

namespace ndes::crp {

struct SealFiles {
    std::filesystem::path signing_certificate;  // PEM, leaf first, then its chain
    std::filesystem::path signing_key;          // PEM
    std::filesystem::path recipients;           // PEM, one or more, for roll-over
    bool empty() const { return signing_certificate.empty(); }
};

class SmxSealer {
  public:
    // configuration, naming the file: unusable for its purpose, or nothing in date at `now`.
    static Result<std::shared_ptr<const SmxSealer>> load(const SealFiles& files, WallTime now);

    // DER of CMS EnvelopedData around SignedData around `smx`. unavailable when the signing
    // certificate or all recipients are out of date at `now`: the sink is down until a reload.
    Result<Bytes> seal(ByteView smx, WallTime now) const;

    const Certificate& signing_certificate() const { return signer_.certificate; }
    const std::vector<Certificate>& recipients() const { return recipients_; }

  private:
    SmxSealer(CmsSigner signer, std::vector<Certificate> recipients)
        : signer_(std::move(signer)), recipients_(std::move(recipients)) {}
    Result<std::vector<Certificate>> recipients_at(WallTime now) const;

    CmsSigner signer_;
    std::vector<Certificate> recipients_;
};

}  // namespace ndes::crp
