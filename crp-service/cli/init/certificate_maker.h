// Makes keys and certificates for a small CA of one's own: roots, and what they issue.
// Touches no file. Any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes::crp::cli {

// An extension as OpenSSL's configuration writes it: {NID_key_usage, "critical,keyCertSign"}.
using ExtensionText = std::pair<int, std::string>;

struct CertificateOrder {
    std::string subject;    // RFC 4514
    unsigned rsa_bits = 0;  // 0: EC P-256
    int days = 825;
    std::vector<ExtensionText> extensions;  // key identifiers are added
};

struct MadeCertificate {
    Certificate certificate;
    EvpPkeyPtr key;
    std::string pem;
    std::string key_pem;  // unencrypted PKCS#8; whoever is done with it wipes it
};

// Signed by `issuer`, or by itself when that is null. internal with OpenSSL's words, bad_request
// for a subject that is none.
Result<MadeCertificate> make_own_certificate(const CertificateOrder& order,
                                             const MadeCertificate* issuer);

}  // namespace ndes::crp::cli
