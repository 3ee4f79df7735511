// Credentials of systemd's stand for the files that the unit takes them from; what crpctl lists and
// loads is those, whether crpd runs or not.
#include <cstdlib>
#include <fstream>

#include "crp-service/challenge/key_files.h"
#include "crp-service/cli/config/config_files.h"
#include "crp-service/cli/crpd_settings.h"
#include "crp-service/cli/expiry/own_list.h"
#include "tests/catch.h"
#include "tests/support/test_pki.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::crp::cli;
namespace fs = std::filesystem;

namespace {

// As `crpctl init --start systemd` and crpd.service have it.
struct Installation {
    Installation() {
        fs::create_directory(keys);
        for (const char* name : {"k1.key", "pepper.key"})
            put_key(name);
        std::ofstream(config)
            << "[server]\nlisten=\"127.0.0.1:1\"\ncertificate_file=\"crp.pem\"\n"
               "key_file=\"crp.key\"\nclient_ca_file=\"ca.pem\"\n"
               "[health]\nlisten=\"127.0.0.1:2\"\n"
               "[store]\npath=\"crp.db\"\n[challenge]\n"
               "key_files=[\"/run/credentials/crpd.service/keys_k1.key\"]\n"
               "pepper_files=[\"/run/credentials/crpd.service/keys_pepper.key\"]\n"
               "scep_url=\"http://localhost/x\"\nca_certificate_file=\"ca.pem\"\n"
               "[[caller]]\nname=\"ndes\"\nroles=[\"ndes\"]\nspki_sha256=[\""
            << std::string(64, '0') << "\"]\n";
    }
    void put_key(const std::string& name) {
        std::ofstream(keys / name) << std::string(64, 'a') << "\n";
        fs::permissions(keys / name, fs::perms::owner_read | fs::perms::owner_write);
    }
    std::string fault_of(const char* use) const {
        const auto files = list_own_files({{}, {}, config, {}}, system_clock().now());
        REQUIRE(files);
        for (const OwnFile& own : *files)
            if (own.what.use == use) return own.what.fault;
        return "not listed";
    }

    test::TemporaryFolder folder;
    fs::path keys = folder.path() / "keys";
    fs::path config = folder.path() / "crpd.toml";
};

}  // namespace

TEST_CASE("a credential of a folder stands for the file in that folder beside the settings") {
    const Installation here;
    const auto source = [&](const char* path) {
        return source_of_credential(path, here.folder.path());
    };
    CHECK(source("/run/credentials/crpd.service/keys_k1.key") == here.keys / "k1.key");
    CHECK(source("/run/credentials/crpd.service/keys_gone.key") == here.keys / "gone.key");
    for (const char* itself : {"/run/credentials/crpd.service/k1.key", "/etc/keys_k1.key",
                               "/run/credentials/crpd.service/other_k1.key"})
        CHECK(source(itself) == itself);
    ::setenv("CREDENTIALS_DIRECTORY", "/run/credentials/crpd.service", 1);
    CHECK(source("/run/credentials/crpd.service/keys_k1.key") ==
          "/run/credentials/crpd.service/keys_k1.key");
    ::unsetenv("CREDENTIALS_DIRECTORY");
    CHECK(credential_sources(here.config) ==
          std::set<std::string>{(here.keys / "k1.key").string(),
                                (here.keys / "pepper.key").string()});
}

TEST_CASE("challenge keys that are credentials are loaded from their source, with their names") {
    const Installation here;
    const auto settings = read_crpd_settings(here.config);
    REQUIRE(settings);
    const auto codec = load_challenge_codec(settings->challenge.files);
    REQUIRE(codec);
    CHECK((*codec)->keys().size() == 1);
    CHECK(here.fault_of("challenge-key").empty());
}

TEST_CASE("the source of a credential that is gone is missing, for whoever asks") {
    Installation here;
    fs::remove(here.keys / "k1.key");
    const std::string gone = (here.keys / "k1.key").string();
    CHECK(here.fault_of("challenge-key").find(gone + ": No such file") != std::string::npos);
    CHECK(here.fault_of("challenge-pepper").empty());
    const auto settings = read_crpd_settings(here.config);
    REQUIRE(settings);
    const auto codec = load_challenge_codec(settings->challenge.files);
    REQUIRE_FALSE(codec);
    CHECK(codec.error().text.find(gone + ": No such file") != std::string::npos);
}
