// The caller list: pins, and issuer with subject alternative name.
#include "crp-service/http/caller.h"

#include "tests/catch.h"
#include "tests/support/test_pki.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

struct Pki {
    TemporaryFolder folder;
    TestCa ca{folder, "Client CA"};
    TestCa other{folder, "Other CA"};

    Certificate leaf(TestCa& issuer, const std::string& san) {
        LeafProfile profile;
        profile.subject_alt_name = san;
        profile.extended_key_usage = "clientAuth";
        return Certificate::from_handle(issuer.issue(profile).certificate.get()).value();
    }
};

CallerRule by_name(const Certificate& like, const std::string& host) {
    CallerRule rule;
    rule.name = "by-name";
    rule.roles.add(Role::mdm);
    rule.issuer = like.issuer().value();
    rule.san = SubjectAltName{SubjectAltNameType::dns, host};
    return rule;
}

}  // namespace

TEST_CASE("a caller is found by any of its pins") {
    Pki pki;
    const Certificate present = pki.leaf(pki.ca, "DNS:a.example");
    const Certificate next = pki.leaf(pki.ca, "DNS:a.example");
    const Certificate foreign = pki.leaf(pki.ca, "DNS:a.example");
    CallerRule rule;
    rule.name = "ndes-1";
    rule.spki_sha256 = {present.spki_sha256(), next.spki_sha256()};
    const CallerList list({rule});
    REQUIRE(list.find(present) != nullptr);
    CHECK(list.find(present)->name == "ndes-1");
    CHECK(list.find(next) == list.find(present));
    CHECK(list.find(foreign) == nullptr);
}

TEST_CASE("a caller is found by issuer and name, and needs both") {
    Pki pki;
    const Certificate good = pki.leaf(pki.ca, "DNS:mdm.example,DNS:other.example");
    const CallerList list({by_name(good, "MDM.example")});
    CHECK(list.find(good) != nullptr);
    CHECK(list.find(pki.leaf(pki.ca, "DNS:other.example")) == nullptr);
    CHECK(list.find(pki.leaf(pki.ca, "")) == nullptr);
    CHECK(list.find(pki.leaf(pki.other, "DNS:mdm.example")) == nullptr);
}

TEST_CASE("a pin goes before a name") {
    Pki pki;
    const Certificate certificate = pki.leaf(pki.ca, "DNS:mdm.example");
    CallerRule pinned;
    pinned.name = "pinned";
    pinned.spki_sha256 = {certificate.spki_sha256()};
    const CallerList list({by_name(certificate, "mdm.example"), pinned});
    CHECK(list.find(certificate)->name == "pinned");
}

TEST_CASE("roles have words") {
    for (const char* word : {"ndes", "mdm", "admin", "monitor"}) {
        Role role{};
        REQUIRE(from_string(word, role));
        CHECK(std::string(to_string(role)) == word);
    }
    Role role{};
    CHECK_FALSE(from_string("root", role));
    CHECK_FALSE(from_string("Admin", role));
}
