// CertificateContents: what a certificate shall say, as decided by the policy record.
// The one vocabulary shared by verdict, wire format and issuer; knows no OpenSSL, JSON or SQL.
// Value types; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ndes {

// RFC 5280 section 4.2.1.6, the kinds a policy may ask for. `upn` is the otherName
// 1.3.6.1.4.1.311.20.2.3 (UTF8String).
enum class SubjectAltNameType { upn, email, dns, uri, ip };

struct SubjectAltName {
    SubjectAltNameType type = SubjectAltNameType::dns;
    std::string value;  // UTF-8; an IP address in its usual text form
    bool operator==(const SubjectAltName&) const = default;
};

// RFC 5280 section 4.2.1.3, bit numbers as in the standard.
enum class KeyUsage : std::uint8_t {
    digital_signature = 0,
    non_repudiation = 1,
    key_encipherment = 2,
    data_encipherment = 3,
    key_agreement = 4,
    key_cert_sign = 5,
    crl_sign = 6,
    encipher_only = 7,
    decipher_only = 8,
};

// No device is given one of these.
constexpr bool is_usage_of_a_ca(KeyUsage usage) {
    return usage == KeyUsage::key_cert_sign || usage == KeyUsage::crl_sign;
}

struct CertificateContents {
    std::string subject;  // RFC 4514 text
    std::vector<SubjectAltName> subject_alt_names;
    std::vector<KeyUsage> key_usage;              // no duplicates, ascending
    std::vector<std::string> extended_key_usage;  // dotted OIDs
    int validity_days = 0;
    std::string template_name;
    // Windows security identifier ("S-1-5-21-…") for the extension 1.3.6.1.4.1.311.25.2; empty:
    // none.
    std::string security_identifier = {};
    bool operator==(const CertificateContents&) const = default;
};

// "upn", "email", …: the words of the wire format and the policy record.
const char* to_string(SubjectAltNameType type);
bool from_string(const std::string& text, SubjectAltNameType& type);

// "digitalSignature", "keyEncipherment", …: the names of RFC 5280.
const char* to_string(KeyUsage usage);
bool from_string(const std::string& text, KeyUsage& usage);

}  // namespace ndes
