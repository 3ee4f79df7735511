// CMS (RFC 5652) messages for others to open: signed, and encrypted to certificates.
// For what a sink writes; SCEP's own messages are made by scep-server/message. Pure; any thread.
#pragma once

#include <span>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

// Who signs: a certificate, its key and the chain that goes along.
struct CmsSigner {
    Certificate certificate;
    std::vector<Certificate> chain;
    std::shared_ptr<EVP_PKEY> key;
};

// PEM files. configuration unless the key is the first certificate's and that one may sign
// (key usage digitalSignature or none stated).
Result<CmsSigner> load_cms_signer(const std::filesystem::path& certificate_file,
                                  const std::filesystem::path& key_file);

// PEM file of all recipients. configuration unless each may be encrypted to: RSA from 2048 bits
// with keyEncipherment, EC with keyAgreement, or no key usage stated.
Result<std::vector<Certificate>> load_cms_recipients(const std::filesystem::path& file);

// True while the certificate's dates hold.
bool is_in_date(const Certificate& certificate, WallTime now);

// SignedData with the content inside, SHA-256, signing time and the signer's chain; DER.
Result<Bytes> sign_cms(ByteView content, const CmsSigner& signer);

// EnvelopedData, AES-256-CBC, each recipient by itself (RSA: OAEP with SHA-256; EC: ECDH); DER.
// Integrity is the signature's inside. bad_request without recipients.
Result<Bytes> encrypt_cms(ByteView content, std::span<const Certificate> recipients);

}  // namespace ndes
