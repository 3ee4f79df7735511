// New certificates beside the old ones: when they are due, what they say, that nothing is replaced.
#include "common/expiry/renewal.h"

#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "tests/catch.h"
#include "tests/support/test_pki.h"

namespace {

using namespace ndes;
using namespace ndes::test;
using std::chrono::days;
using std::chrono::hours;
namespace fs = std::filesystem;

struct Setting {
    Setting() { fs::create_directory(store); }

    LocalCa local_ca() const {
        return *load_local_ca(ca.certificate_file(), KeySource(ca.key_file()));
    }
    CertificateChoice client(TestCa& issuer, KeyKind key = KeyKind::ec_p256) {
        LeafProfile profile;
        profile.common_name = "ndes";
        profile.subject_alt_name = "DNS:ndes.example.org";
        profile.extended_key_usage = "clientAuth";
        profile.key = key;
        const Identity made = issuer.issue(profile);
        return {made.certificate_file, made.key_file,
                load_certificates(made.certificate_file)->front(), WallTime::max()};
    }
    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(fs::directory_iterator(store), fs::directory_iterator()));
    }

    TemporaryFolder folder;
    TestCa ca{folder, "Own CA"};
    fs::path store = folder.path() / "store";
    WallTime now = std::chrono::floor<std::chrono::seconds>(system_clock().now());
};

}  // namespace

TEST_CASE("a renewal is due so long before the end, though in the last third of the life only") {
    Setting setting;
    LeafProfile profile;
    profile.not_before_s = 0;
    profile.not_after_s = 90 * 86'400;
    const Certificate certificate =
        load_certificates(setting.ca.issue(profile).certificate_file)->front();
    CHECK(renewal_time(certificate, days(10)) == certificate.not_after() - days(10));
    CHECK(renewal_time(certificate, days(60)) == certificate.not_after() - days(30));
}

TEST_CASE("an RA pair has keys of its own, the agent's usages and the times that were asked for") {
    Setting setting;
    auto name = DistinguishedName::from_text("CN=RA,O=Example")->to_x509();
    REQUIRE(name);
    const LocalCa ca = setting.local_ca();
    const auto pair =
        make_ra_pair({setting.store, name->get(), name->get(), setting.now, setting.now + hours(5)},
                     ca, setting.now);
    REQUIRE(pair);
    const Certificate signing = load_certificates(pair->signing)->front();
    const Certificate encryption = load_certificates(pair->encryption)->front();
    for (const Certificate& one : {signing, encryption}) {
        CHECK(one.is_issued_by(ca.certificate));
        CHECK(one.has_extended_key_usage(kRequestAgentUsage));
        CHECK(one.not_before() == setting.now);
        CHECK(one.not_after() == setting.now + hours(5));
    }
    CHECK(signing.has_key_usage(KeyUsage::digital_signature));
    CHECK_FALSE(signing.has_key_usage(KeyUsage::key_encipherment));
    CHECK(encryption.has_key_usage(KeyUsage::key_encipherment));
    CHECK(signing.spki_sha256() != encryption.spki_sha256());
    CHECK(load_private_key(fs::path(pair->signing).replace_extension(".key")));

    SECTION("nothing is replaced") {
        const std::string before = read_file(pair->signing).value();
        const auto again = make_ra_pair(
            {setting.store, name->get(), name->get(), setting.now, setting.now + hours(5)}, ca,
            setting.now);
        REQUIRE_FALSE(again);
        CHECK(again.error().code == ErrorCode::conflict);
        CHECK(read_file(pair->signing).value() == before);
        CHECK(setting.files() == 4);
    }
}

TEST_CASE("what would outlive the CA is not made, and leaves nothing") {
    Setting setting;
    auto name = DistinguishedName::from_text("CN=RA")->to_x509();
    const LocalCa ca = setting.local_ca();
    const WallTime late = ca.certificate.not_after() + hours(1);
    const auto pair =
        make_ra_pair({setting.store, name->get(), name->get(), setting.now, late}, ca, setting.now);
    REQUIRE_FALSE(pair);
    CHECK(pair.error().text == "the CA certificate ends before that");
    CHECK(setting.files() == 0);
}

TEST_CASE("a client certificate keeps subject, names and key; a new key is another key") {
    Setting setting;
    const CertificateChoice before = setting.client(setting.ca);
    const LocalCa ca = setting.local_ca();
    const bool new_key = GENERATE(false, true);
    const auto file = make_client_certificate(
        before, {setting.store, new_key, setting.now, setting.now + hours(3)}, ca, setting.now);
    REQUIRE(file);
    const Certificate made = load_certificates(*file)->front();
    CHECK(made.subject_text() == before.certificate.subject_text());
    CHECK((made.subject_alt_names().value() == before.certificate.subject_alt_names().value()));
    CHECK(made.serial() != before.certificate.serial());
    CHECK((made.spki_sha256() == before.certificate.spki_sha256()) == !new_key);
    const auto chosen = choose_certificate({setting.store, std::nullopt}, setting.now);
    REQUIRE(chosen);
    CHECK(chosen->certificate_file == *file);
}

TEST_CASE("a client certificate of another CA is not renewed by ours") {
    Setting setting;
    TestCa foreign(setting.folder, "Foreign CA");
    const CertificateChoice before = setting.client(foreign);
    const auto file =
        make_client_certificate(before, {setting.store, false, setting.now, setting.now + hours(3)},
                                setting.local_ca(), setting.now);
    REQUIRE_FALSE(file);
    CHECK(file.error().code == ErrorCode::precondition);
    CHECK(setting.files() == 0);
}

TEST_CASE("a certificate is issued once more for its key, without its key") {
    Setting setting;
    const CertificateChoice before = setting.client(setting.ca);
    const auto text = reissue_certificate(before.certificate, setting.now, setting.now + hours(5),
                                          setting.local_ca());
    REQUIRE(text);
    const Certificate after = certificates_from_pem(*text)->front();
    CHECK(after.spki_sha256() == before.certificate.spki_sha256());
    CHECK(after.serial() != before.certificate.serial());
    CHECK(after.subject_text() == before.certificate.subject_text());
    CHECK(after.has_extended_key_usage(kClientAuthUsage));
    CHECK_FALSE(after.has_extended_key_usage(kServerAuthUsage));
    CHECK(after.subject_alt_names()->front().value == "ndes.example.org");
    CHECK(after.not_after() == setting.now + hours(5));

    TestCa other{setting.folder, "Other CA"};
    const LocalCa foreign = *load_local_ca(other.certificate_file(), KeySource(other.key_file()));
    const auto refused =
        reissue_certificate(before.certificate, setting.now, setting.now + hours(5), foreign);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::precondition);
}

TEST_CASE("what root makes belongs to the owner of its folder, or of what it replaces") {
    if (::geteuid() != 0) return;  // only root gives files away
    Setting setting;
    constexpr ::uid_t kDaemon = 1;
    REQUIRE(::chown(setting.store.c_str(), kDaemon, kDaemon) == 0);
    const auto owner_of = [](const fs::path& path) {
        struct ::stat facts {};
        REQUIRE(::stat(path.c_str(), &facts) == 0);
        return facts.st_uid;
    };
    auto name = DistinguishedName::from_text("CN=RA")->to_x509();
    REQUIRE(name);
    const auto pair =
        make_ra_pair({setting.store, name->get(), name->get(), setting.now, setting.now + hours(5)},
                     setting.local_ca(), setting.now);
    REQUIRE(pair);
    for (const fs::path& file : {pair->signing, pair->encryption}) {
        CHECK(owner_of(file) == kDaemon);
        CHECK(owner_of(fs::path(file).replace_extension(".key")) == kDaemon);
    }
    const fs::path mine = setting.folder.path() / "mine.pem";
    REQUIRE(write_file_durably(mine, as_bytes("1")));
    CHECK(owner_of(mine) == 0);
    REQUIRE(::chown(mine.c_str(), kDaemon, kDaemon) == 0);
    REQUIRE(write_file_durably(mine, as_bytes("2")));
    CHECK(owner_of(mine) == kDaemon);
}
