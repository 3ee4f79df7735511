#include "scep-server/message/ra_identity.h"

#include <filesystem>
#include <fstream>

#include <openssl/pem.h>
#include <unistd.h>

#include "tests/catch.h"
#include "tests/unit/scep_message/message_builder.h"

namespace ndes::scep {
namespace {

using namespace test;
namespace fs = std::filesystem;

// A folder of this test alone, gone afterwards.
class Folder {
  public:
    Folder() : path_(fs::temp_directory_path() / ("ndes_ra_test." + std::to_string(::getpid()))) {
        fs::create_directories(path_);
    }
    ~Folder() { fs::remove_all(path_); }

    fs::path certificate(const char* name, const Certificate& certificate) const {
        const BioPtr out(::BIO_new_file((path_ / name).c_str(), "w"));
        ::PEM_write_bio_X509(out.get(), certificate.handle());
        return path_ / name;
    }
    fs::path key(const char* name, EVP_PKEY* key) const {
        {
            const BioPtr out(::BIO_new_file((path_ / name).c_str(), "w"));
            ::PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
        }
        fs::permissions(path_ / name, fs::perms::owner_read | fs::perms::owner_write);
        return path_ / name;
    }

  private:
    fs::path path_;
};

TEST_CASE("an RA is loaded from two pairs of files or from one") {
    const Folder folder;
    const auto signing = folder.certificate("signing.pem", ra().signing_certificate);
    const auto signing_key = folder.key("signing_key.pem", rsa_key(0));
    const auto encryption = folder.certificate("encryption.pem", ra().encryption_certificate);
    const auto encryption_key = folder.key("encryption_key.pem", rsa_key(1));
    const auto two = load_ra_identity(signing, signing_key, encryption, encryption_key);
    REQUIRE(two);
    CHECK(two->signing_certificate.der() == ra().signing_certificate.der());
    CHECK(two->encryption_certificate.der() == ra().encryption_certificate.der());
    CHECK(::EVP_PKEY_eq(two->decryption_key.get(), rsa_key(1)) == 1);

    const auto plain = folder.certificate("plain.pem", client());
    const auto plain_key = folder.key("plain_key.pem", rsa_key(2));
    CHECK(load_ra_identity(plain, plain_key, plain, plain_key));
}

TEST_CASE("an RA that could not serve is refused with the file at fault") {
    const Folder folder;
    const auto signing = folder.certificate("signing.pem", ra().signing_certificate);
    const auto signing_key = folder.key("signing_key.pem", rsa_key(0));
    const auto encryption = folder.certificate("encryption.pem", ra().encryption_certificate);
    const auto encryption_key = folder.key("encryption_key.pem", rsa_key(1));
    const EvpPkeyPtr ec = new_ec_key();
    const auto ec_certificate = folder.certificate("ec.pem", make_certificate(ec.get()));
    const auto ec_key = folder.key("ec_key.pem", ec.get());
    struct Case {
        fs::path paths[4];
        const char* named;
    };
    const std::vector<Case> cases{
        {{"/nowhere/a.pem", signing_key, encryption, encryption_key}, "/nowhere/a.pem"},
        {{signing, "/nowhere/b.pem", encryption, encryption_key}, "/nowhere/b.pem"},
        {{signing, encryption_key, encryption, encryption_key}, "encryption_key.pem: is not"},
        {{signing, signing_key, encryption, signing_key}, "signing_key.pem: is not"},
        {{encryption, encryption_key, encryption, encryption_key}, "lacks digitalSignature"},
        {{signing, signing_key, signing, signing_key}, "lacks keyEncipherment"},
        {{signing, signing_key, ec_certificate, ec_key}, "ec.pem: clients can encrypt"},
    };
    for (const Case& c : cases) {
        INFO(c.named);
        const auto loaded = load_ra_identity(c.paths[0], c.paths[1], c.paths[2], c.paths[3]);
        REQUIRE_FALSE(loaded);
        INFO(loaded.error().text);
        CHECK(loaded.error().text.find(c.named) != std::string::npos);
    }
}

}  // namespace
}  // namespace ndes::scep
