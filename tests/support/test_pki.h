// A throw-away PKI for tests: certification authorities, certificates, CRLs and PEM files in a
// folder of their own. Made with OpenSSL alone, so that it also serves as another opinion on what
// the product reads. Throws std::runtime_error when OpenSSL refuses. One thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/crypto/openssl_ptr.h"

namespace ndes::test {

// A new folder below the system's temporary folder; removed with all it holds on destruction.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

enum class KeyKind { ec_p256, ec_p384, rsa_2048 };

EvpPkeyPtr generate_key(KeyKind kind = KeyKind::ec_p256);

struct LeafProfile {
    std::string common_name = "leaf";
    // Values as in openssl.cnf; empty leaves the extension out.
    std::string subject_alt_name = "DNS:localhost,IP:127.0.0.1";
    std::string extended_key_usage;  // "clientAuth", "serverAuth,clientAuth", "anyExtendedKeyUsage"
    std::string key_usage = "critical,digitalSignature";
    long not_before_s = -3600;  // from now
    long not_after_s = 86'400;
    KeyKind key = KeyKind::ec_p256;
};

// A certificate, its key, and both as PEM files (the key readable by its owner alone).
struct Identity {
    X509Ptr certificate;
    EvpPkeyPtr key;
    std::filesystem::path certificate_file;  // leaf, then the issuing CA if that is no root
    std::filesystem::path key_file;
};

class TestCa {
  public:
    // A self-signed root. `folder` outlives this.
    TestCa(const TemporaryFolder& folder, const std::string& common_name,
           KeyKind key = KeyKind::ec_p256);
    // A CA below `issuer`.
    TestCa(const TemporaryFolder& folder, const std::string& common_name, TestCa& issuer);

    Identity issue(const LeafProfile& profile);
    // As issue, for the holder of another private key.
    X509Ptr certify(EVP_PKEY* public_key, const LeafProfile& profile);

    // A PEM file with a CRL that names `revoked` and is valid until `next_update_s` from now.
    std::filesystem::path write_crl(const std::vector<const X509*>& revoked,
                                    long next_update_s = 86'400);

    X509* certificate() const { return certificate_.get(); }
    EVP_PKEY* key() const { return key_.get(); }
    const std::filesystem::path& certificate_file() const { return certificate_file_; }
    const std::filesystem::path& key_file() const { return key_file_; }

  private:
    std::filesystem::path file_name(const std::string& suffix);

    const TemporaryFolder& folder_;
    std::string common_name_;
    EvpPkeyPtr key_;
    X509Ptr certificate_;
    bool is_root_ = true;
    std::filesystem::path certificate_file_;
    std::filesystem::path key_file_;
};

// PEM of one certificate.
std::string to_pem(X509* certificate);
// Writes `key` unencrypted with mode 0600.
void write_key_file(const std::filesystem::path& path, EVP_PKEY* key);
void write_text_file(const std::filesystem::path& path, const std::string& text);

}  // namespace ndes::test
