// Which of the certificates in a folder is ours.
#include "common/expiry/certificate_store.h"

#include "tests/catch.h"
#include "tests/support/test_pki.h"

namespace {

using namespace ndes;
using namespace ndes::test;
namespace fs = std::filesystem;

struct Store {
    Store() { fs::create_directory(rule.folder); }

    LeafProfile profile(long begin_s = -3600, long end_s = 86'400) const {
        LeafProfile profile;
        profile.extended_key_usage = "clientAuth";
        profile.not_before_s = begin_s;
        profile.not_after_s = end_s;
        return profile;
    }
    void put(const std::string& name, const Identity& identity) const {
        fs::copy_file(identity.certificate_file, rule.folder / (name + ".pem"));
        fs::copy_file(identity.key_file, rule.folder / (name + ".key"));
    }
    void put(const std::string& name, long begin_s, long end_s) {
        put(name, ca.issue(profile(begin_s, end_s)));
    }
    std::string chosen() const {
        const auto choice = choose_certificate(rule, system_clock().now());
        return choice ? choice->certificate_file.stem().string() : choice.error().text;
    }

    TemporaryFolder folder;
    TestCa ca{folder, "NDES CA"};
    CertificateRule rule{folder.path() / "store", std::nullopt};
};

}  // namespace

TEST_CASE("of the valid ones the one whose validity began last is taken") {
    Store store;
    store.put("a", -3600, 900'000);
    store.put("b", -60, 86'400);
    store.put("c", -7200, 9'000'000);
    store.put("expired", -50, -10);
    store.put("future", 3600, 900'000);
    CHECK(store.chosen() == "b");
}

TEST_CASE("without a valid one the one that expired last is taken, a future one last of all") {
    Store store;
    store.put("future", 3600, 900'000);
    CHECK(store.chosen() == "future");
    store.put("old", -9000, -8000);
    CHECK(store.chosen() == "old");
    store.put("newer", -9500, -7000);
    CHECK(store.chosen() == "newer");
}

TEST_CASE("what does not fit is passed over, each with its reason") {
    Store store;
    auto server = store.profile();
    server.extended_key_usage = "serverAuth";
    store.put("server", store.ca.issue(server));
    auto encryption = store.profile();
    encryption.key_usage = "critical,keyEncipherment";
    store.put("encryption", store.ca.issue(encryption));
    Identity keyless = store.ca.issue(store.profile());
    fs::copy_file(keyless.certificate_file, store.rule.folder / "keyless.pem");
    Identity mixed = store.ca.issue(store.profile());
    mixed.key_file = keyless.key_file;
    store.put("mixed", mixed);
    store.put("open", store.ca.issue(store.profile()));
    fs::permissions(store.rule.folder / "open.key", fs::perms::others_read, fs::perm_options::add);
    write_text_file(store.rule.folder / "note.pem", "not a certificate\n");

    const std::string why = store.chosen();
    for (const char* part : {"server.pem: its extended key usage lacks clientAuth",
                             "encryption.pem: its key usage lacks digitalSignature", "keyless.key",
                             "mixed.key is not its key", "open.key", "note.pem"}) {
        CAPTURE(part, why);
        CHECK(why.find(part) != std::string::npos);
    }
    store.put("good", -3600, 86'400);
    CHECK(store.chosen() == "good");
}

TEST_CASE("with an issuer asked for no other counts") {
    Store store;
    TestCa other(store.folder, "Other CA");
    store.put("other", other.issue(store.profile(-10)));
    store.put("ours", -3600, 86'400);
    CHECK(store.chosen() == "other");
    store.rule.issuer = *DistinguishedName::from_text("CN=NDES CA");
    CHECK(store.chosen() == "ours");
    store.rule.issuer = *DistinguishedName::from_text("CN=Nobody");
    CHECK(store.chosen().find("is issued by CN=") != std::string::npos);
}

TEST_CASE("it is told when time alone may change the choice") {
    Store store;
    store.put("now", -3600, 86'400);
    const WallTime now = system_clock().now();
    auto choice = choose_certificate(store.rule, now);
    REQUIRE(choice);
    CHECK(choice->choose_again_at == choice->certificate.not_after());
    store.put("next", 3600, 900'000);
    const WallTime turn = choose_certificate(store.rule, now)->choose_again_at;
    CHECK(turn > now);
    CHECK(turn <= now + std::chrono::seconds(3600));
    CHECK(choose_certificate(store.rule, turn)->certificate_file.stem() == "next");
}

TEST_CASE("a folder that is empty or not there holds nothing") {
    Store store;
    CHECK(store.chosen().find("no client certificate fits") != std::string::npos);
    store.rule.folder = "/nonexistent";
    CHECK(store.chosen().find("/nonexistent") != std::string::npos);
}
