// CMS reader: opens a message that was encrypted, then signed (RFC 5652 SignedData over
// EnvelopedData), step by step in the only safe order: shape, signer, signature, decryption.
// OpenSSL's CMS functions alone; each layer passes common/crypto/cms_shape first.
// Judges no certificate: whether the signer may sign is the caller's question.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "common/bytes.h"
#include "common/crypto/certificate.h"
#include "common/crypto/cms_shape.h"
#include "common/crypto/key.h"
#include "common/crypto/openssl_ptr.h"
#include "common/secret.h"

namespace ndes {

// The signed outside of one message. One thread.
class CmsSignedMessage {
  public:
    static tl::expected<CmsSignedMessage, CmsFault> read(ByteView message, const CmsLimits& limits);

    // The one certificate that the signer identifier names, from the message or from `known`;
    // absent when there is none, or two that differ.
    std::optional<Certificate> find_signer(const std::vector<Certificate>& known) const;

    // True if `signer`'s key (RSA of 2048 bits or more, or EC) verifies the signature over the
    // content and the signed attributes; these must hold content type data and the message digest
    // once each, and the digest must be SHA-256, SHA-384 or SHA-512. Says nothing of `signer`.
    bool verify(const Certificate& signer);

    // What is signed. Trust it after verify() alone. A view into this object.
    ByteView content() const;

  private:
    CmsSignedMessage() = default;
    CmsPtr cms_;
    CMS_SignerInfo* signer_info_ = nullptr;  // inside cms_
};

// A certificate that messages are encrypted to, and its private key.
struct CmsRecipient {
    std::string name;
    Certificate certificate;
    EvpPkeyPtr key;
};

struct CmsDecrypted {
    Secret content;
    const CmsRecipient* recipient = nullptr;  // one of those given
};

// 16 for AES-CBC with 128, 192 or 256 bits, else 0: no AEAD or
// stream mode, to which an envelope could be turned without its key (RFC 9709, CVE-2026-34182).
std::size_t aes_cbc_iv_octets(std::string_view oid);

// Opens `envelope` with the recipient that it names by issuer and serial number (or key
// identifier); a key is only ever used with its certificate, so that OpenSSL puts a random key in
// place of one that does not decrypt (no Bleichenbacher oracle). Absent for every way to fail, of
// which none is told apart.
std::optional<CmsDecrypted> open_cms_envelope(ByteView envelope,
                                              const std::vector<CmsRecipient>& recipients,
                                              const CmsLimits& limits);

}  // namespace ndes
