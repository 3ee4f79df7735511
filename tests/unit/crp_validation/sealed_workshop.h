// SealedWorkshop: makes sealed challenges with the `openssl` command line alone, as an MDM would,
// and whatever a forger would make with it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/crypto/certificate.h"
#include "crp-service/challenge/sealed_reader.h"
#include "tests/support/test_pki.h"

namespace ndes::test {

class SealedWorkshop {
  public:
    SealedWorkshop();

    // Issues name.pem and name.key of the workshop's CA.
    void issue(const std::string& name, const LeafProfile& profile);

    // Runs "openssl ARGUMENTS" in the workshop's folder; throws with its output when it fails.
    void openssl(const std::string& arguments);

    // The steps of the README. `in` and `out` are files of the folder.
    void encrypt(const std::string& in, const std::string& out, const std::string& recipients,
                 const std::string& options = "-aes256");
    void sign(const std::string& in, const std::string& out, const std::string& signer,
              const std::string& options = "-md sha256");

    // Both for `claims`; base64 in one line.
    std::string seal(const std::string& claims, const std::string& recipient = "crp",
                     const std::string& signer = "mdm");

    void write(const std::string& name, const std::string& contents);
    std::string read(const std::string& name) const;
    std::string base64_of(const std::string& name) const { return to_base64(as_bytes(read(name))); }
    Certificate certificate(const std::string& name) const;

    // Knows the recipients "crp" and "crp-ec", and the signers "mdm" and "mdm-ec" by certificate,
    // "pinned" by key, and whoever the CA names DNS:issued.example.org; all of owner "mdm-1".
    crp::SealedReader reader(const crp::ValidityPeriod& validity = {},
                             RevocationLists revocations = {}) const;

    // crl.pem: the CA's list of these certificates. Where it and the other files stand.
    void revoke(const std::vector<std::string>& names, long next_update_s = 86'400);
    const std::filesystem::path& ca_file() const { return ca_.certificate_file(); }
    std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

  private:
    TemporaryFolder folder_;
    TestCa ca_;
};

// Claims that fit the sample records, between `begin` and `end`.
std::string sample_claims(WallTime begin, WallTime end,
                          const std::string& id = "0f0e0d0c-0b0a-4909-8807-060504030201");

}  // namespace ndes::test
