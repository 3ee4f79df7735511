// CertificateMaker: keys, requests and certificates for our own programs, signed by a CA whose key
// we have. Devices' certificates are made elsewhere, by their policy (scep-server/issuer).
// Knows no configuration and writes no file. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/key_source.h"
#include "common/crypto/openssl_ptr.h"
#include "common/error.h"

namespace ndes {

inline constexpr const char* kRequestAgentUsage = "1.3.6.1.4.1.311.20.2.1";
inline constexpr const char* kServerAuthUsage = "1.3.6.1.5.5.7.3.1";
inline constexpr const char* kClientAuthUsage = "1.3.6.1.5.5.7.3.2";

struct LocalCa {
    Certificate certificate;
    EvpPkeyPtr key;
};

// The first certificate of the file and its key. configuration, naming what does not fit.
Result<LocalCa> load_local_ca(const std::filesystem::path& certificate_file, const KeySource& key);

Result<EvpPkeyPtr> make_rsa_key();  // 2048 bits

// Of 128 random bits. False on a failure of OpenSSL's, as is the next.
bool set_random_serial(X509* certificate);

// One that OpenSSL knows by `nid`, its value as OpenSSL's configuration writes it.
bool add_extension(X509* certificate, X509V3_CTX* context, int nid, const std::string& value);

// What a certificate says beside its key.
struct CertificateFrame {
    X509_NAME* subject = nullptr;  // borrowed
    std::string key_usage;         // as OpenSSL spells it: "critical,digitalSignature"
    std::string extended_key_usage;
    GENERAL_NAMES* alternative_names = nullptr;  // borrowed; null: none
    WallTime begins{};
    WallTime ends{};
};

// PEM. bad_request when it would end after the CA's own certificate.
Result<std::string> make_certificate(EVP_PKEY* key, const CertificateFrame& frame,
                                     const LocalCa& ca);

// A PKCS#10 request, PEM, for the frame's subject and usages.
Result<std::string> make_request(EVP_PKEY* key, const CertificateFrame& frame);

}  // namespace ndes
