// Keys, certificates and PKCS#10 requests made by the tests themselves.
#pragma once

#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"
#include "tests/unit/crypto/der_writer.h"

namespace ndes::test {

EvpPkeyPtr new_rsa_key(unsigned bits = 2048);
EvpPkeyPtr new_ec_key(const char* curve = "P-256");

// RSA-2048 keys made once per process; `number` 0..3.
EVP_PKEY* rsa_key(std::size_t number = 0);
// Another owner of the same key.
EvpPkeyPtr share(EVP_PKEY* key);

struct CertificateOptions {
    std::string subject = "CN=test";
    const Certificate* issuer = nullptr;  // null: self-signed
    EVP_PKEY* issuer_key = nullptr;
    long serial = 1;
    const char* key_usage = nullptr;  // as in openssl.cnf, e.g. "critical,digitalSignature"
    const char* extended_key_usage = nullptr;  // "clientAuth"
    const char* subject_alt_name = nullptr;    // "DNS:a,IP:1.2.3.4"
    int version = 3;
};
Certificate make_certificate(EVP_PKEY* key, const CertificateOptions& options = {});

// DER of one AttributeTypeAndValue in an RDN of its own, and of a Name made of such.
Bytes name_part(const char* oid, std::uint8_t tag, std::string_view value);
Bytes name_of(std::initializer_list<Bytes> parts);

// DER of Attribute { type, SET { values } }.
Bytes attribute(const char* oid, std::initializer_list<Bytes> values);
// DER of Extension { oid, critical TRUE if so, OCTET STRING { value } }.
Bytes extension(const char* oid, const Bytes& value, bool critical = false);

inline constexpr const char* kChallengePassword = "1.2.840.113549.1.9.7";
inline constexpr const char* kExtensionRequest = "1.2.840.113549.1.9.14";
inline constexpr const char* kMicrosoftExtensions = "1.3.6.1.4.1.311.2.1.14";

struct CsrParts {
    Bytes subject = name_of({name_part("2.5.4.3", kUtf8, "device")});
    Bytes attributes = {};  // elements of [0], one after the other
    bool omit_attributes = false;
    std::string digest = "SHA256";
    bool pss = false;
    Bytes spki = {};  // empty: of the signing key
};
// A request signed with `key`, whatever its parts are.
Bytes make_csr(EVP_PKEY* key, const CsrParts& parts = {});

// AlgorithmIdentifier of a signature, and a signature over `data`; `pss` with 32 octets of salt,
// for SHA-256 only.
Bytes signature_algorithm(EVP_PKEY* key, const std::string& digest, bool pss = false);
Bytes sign(EVP_PKEY* key, const std::string& digest, bool pss, const Bytes& data);

// SubjectPublicKeyInfo of `key`.
Bytes spki_of(const EVP_PKEY* key);

}  // namespace ndes::test
