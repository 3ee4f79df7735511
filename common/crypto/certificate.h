// Certificate: a read-only X.509 certificate with the facts that callers ask for.
// Immutable and cheap to copy (shared handle); any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/certificate_contents.h"
#include "common/clock.h"
#include "common/crypto/distinguished_name.h"
#include "common/crypto/key.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

class Certificate {
  public:
    // DER, exactly one certificate and nothing after it. bad_request otherwise.
    static Result<Certificate> from_der(ByteView der);
    // Takes a reference of its own on `handle` (never null).
    static Result<Certificate> from_handle(X509* handle);

    X509* handle() const { return handle_.get(); }  // borrowed; lives as long as this object
    const Bytes& der() const { return *der_; }
    std::string sha256() const;       // hex of SHA-256 over the DER
    std::string sha1() const;         // hex; "thumbprint" as Windows shows it
    std::string spki_sha256() const;  // hex of SHA-256 over SubjectPublicKeyInfo
    std::string serial() const;       // hex, no leading zeros dropped from octets, lower case
    Result<DistinguishedName> subject() const;
    Result<DistinguishedName> issuer() const;
    std::string subject_text() const;  // RFC 4514, "" if unreadable; for logs and records
    std::string issuer_text() const;
    WallTime not_before() const;
    WallTime not_after() const;
    bool is_self_signed() const;               // subject = issuer and its own key verifies it
    bool has_key_usage(KeyUsage usage) const;  // true also when the extension is absent
    bool has_extended_key_usage(const std::string& oid) const;  // exact: absent or anyEKU is false
    Result<std::vector<SubjectAltName>> subject_alt_names() const;  // empty if none
    EVP_PKEY* public_key() const;                                   // borrowed
    // True if `issuer`'s key verifies this certificate's signature and the names chain.
    bool is_issued_by(const Certificate& issuer) const;
    // True if `key` is the private key of this certificate.
    bool matches(const EVP_PKEY* key) const;

  private:
    std::shared_ptr<X509> handle_;
    std::shared_ptr<const Bytes> der_;
};

// All certificates of a PEM text in order. bad_request when there is none or one cannot be read.
Result<std::vector<Certificate>> certificates_from_pem(std::string_view pem);

// All certificates of a PEM file in order; configuration if there is none, naming the path.
Result<std::vector<Certificate>> load_certificates(const std::filesystem::path& path);

}  // namespace ndes
