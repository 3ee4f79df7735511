// Whose signature on a sealed challenge counts, beyond being on the list: dates, usage, the
// caller's times, and the CRL.
#include <chrono>
#include <filesystem>

#include "crp-service/challenge/key_files.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/sealed_workshop.h"

using namespace ndes;
using namespace ndes::crp;
using namespace std::chrono_literals;

namespace {

// One for all tests: RSA keys are slow to make.
test::SealedWorkshop& workshop() {
    static test::SealedWorkshop made;
    return made;
}

// The workshop's certificates are of now.
WallTime now() { return system_clock().now(); }
std::string claims() { return test::sample_claims(now() - 1min, now() + 1h); }

}  // namespace

TEST_CASE("a signer's certificate is judged: dates and key usage") {
    test::SealedWorkshop& shop = workshop();
    const std::string text = shop.seal(claims(), "crp", "issued");
    const SealedReader reader = shop.reader();
    CHECK(reader.open(text, now()).reason.empty());
    CHECK(reader.open(text, now() + 25h).reason == "SigningCertThumbprintMismatch");
    CHECK(reader.open(text, now() - 2h).reason == "SigningCertThumbprintMismatch");

    test::LeafProfile profile;
    profile.subject_alt_name = "DNS:issued.example.org";
    profile.key_usage = "keyAgreement";
    shop.issue("not-signing", profile);
    CHECK(reader.open(shop.seal(claims(), "crp", "not-signing"), now()).reason ==
          "SigningCertThumbprintMismatch");
}

TEST_CASE("a signer signs only while its caller is in force") {
    test::SealedWorkshop& shop = workshop();
    const std::string text = shop.seal(claims(), "crp", "mdm");
    const WallTime at = now();
    CHECK(shop.reader({at - 1h, at + 1h}).open(text, at).reason.empty());
    for (const ValidityPeriod& validity : {ValidityPeriod{{}, at}, ValidityPeriod{at + 1ms, {}}}) {
        const OpenedChallenge opened = shop.reader(validity).open(text, at);
        CHECK(opened.reason == "SigningCertThumbprintMismatch");
        CHECK(opened.detail.find("caller \"mdm-1\" is not in force") != std::string::npos);
        CHECK_FALSE(opened.sealed.has_value());
    }
}

TEST_CASE("the callers' CRL counts for a signer's certificate as well, at each load") {
    test::SealedWorkshop& shop = workshop();
    shop.openssl("rand -hex -out k1.key 32");
    shop.openssl("rand -hex -out pepper.key 32");
    for (const char* name : {"k1.key", "pepper.key"})
        std::filesystem::permissions(shop.path(name), std::filesystem::perms(0600));
    ChallengeKeyFiles files{{shop.path("k1.key")}, {shop.path("pepper.key")}, {}, {}};
    files.recipients = {{shop.path("crp.pem"), shop.path("crp.key")}};
    files.signers = {{"mdm-1", {shop.path("mdm.pem")}, {}, {}, {}},
                     {"mdm-1", {}, {shop.certificate("pinned").spki_sha256()}, {}, {}}};
    const auto reason_of = [&](const std::string& signer) {
        const auto codec = load_challenge_codec(files);
        INFO((codec ? "" : codec.error().text));
        REQUIRE(codec.has_value());
        const OpenedChallenge opened = (*codec)->open(shop.seal(claims(), "crp", signer), now());
        return opened.reason + (opened.reason.empty() ? "" : ": ") + opened.detail;
    };
    const auto contains = [](const std::string& text, const char* part) {
        return text.find(part) != std::string::npos;
    };
    shop.revoke({"pinned"});
    files.client_ca = shop.ca_file();
    CHECK(reason_of("pinned").empty());  // no CRL is configured
    files.client_crl = shop.path("crl.pem");
    CHECK(reason_of("mdm").empty());
    CHECK(contains(reason_of("pinned"), "SigningCertThumbprintMismatch"));
    CHECK(contains(reason_of("pinned"), "is revoked"));

    shop.revoke({}, -60);
    CHECK(contains(reason_of("mdm"), "out of date"));

    SECTION("whose signature is another's") {
        const test::TemporaryFolder folder;
        test::TestCa twin(folder, "Workshop CA");  // of the same name
        files.client_crl = twin.write_crl({});
        CHECK(contains(reason_of("mdm"), "not signed by an authority"));
    }
    SECTION("of another authority: says nothing about this one's") {
        const test::TemporaryFolder folder;
        test::TestCa other(folder, "Another CA");
        files.client_crl = other.write_crl({});
        CHECK(reason_of("mdm").empty());
    }
}
