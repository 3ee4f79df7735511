// RA certificates that `crpctl ra renew` signed are in the CA's books like all others.
#include "scep-server/enroll/ra_books.h"

#include "scep-server/issuer/issuer_factory.h"
#include "scep-server/message/ra_identity.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/enroll_bench.h"
#include "tests/unit/scep_server/event_sample.h"
#include "tests/unit/scep_server/service_setting.h"

using namespace ndes;
using namespace ndes::scep;
using test::EnrollBench;
using test::FakePolicy;
using test::Lab;

namespace {

struct Setting {
    void book() {
        book_ra_certificates(lab.profile().ra, *bench.ra.get(), lab.ca,
                             {bench.journal.serials(), bench.log, lab.clock.now()});
    }
    std::vector<std::string> subjects() {
        std::vector<std::string> found;
        const auto list = bench.journal.serials().list(0, 100);
        REQUIRE(list);
        for (const SerialEntry& entry : *list) {
            CHECK(entry.ca == lab.ca.spki_sha256());
            CHECK(entry.state == SerialState::issued);
            CHECK(entry.certificate_sha256.size() == 64);
            found.push_back(entry.subject);
        }
        return found;
    }
    Certificate make(const std::string& subject, std::size_t key, int last_day = 100) {
        test::CertificateOrder order{subject,
                                     test::rsa_key_number(key),
                                     &lab.ca,
                                     lab.ca_key,
                                     lab.clock.now() - std::chrono::days(20),
                                     lab.clock.now() + std::chrono::days(last_day)};
        order.extended_key_usage = kCertificateRequestAgent;
        return test::make_certificate(order);
    }

    Lab lab;
    FakePolicy policy;
    EnrollBench bench{lab, policy};
};

using Subjects = std::vector<std::string>;

}  // namespace

TEST_CASE("the two certificates in use are entered once, and never again") {
    Setting setting;
    setting.book();
    setting.book();
    CHECK(setting.subjects() == Subjects{"CN=RA signing", "CN=RA encryption"});
    const auto entry = setting.bench.journal.serials().find(setting.lab.ca.spki_sha256(),
                                                            setting.lab.ra_signing.serial());
    REQUIRE(*entry);
    CHECK((*entry)->certificate_sha256 == setting.lab.ra_signing.sha256());
    CHECK((*entry)->not_after == setting.lab.ra_signing.not_after());
    CHECK(setting.bench.journal.serials().unsettled(setting.lab.ca.spki_sha256(), 9)->empty());
}

TEST_CASE("of a store all that the CA signed and that has not expired is entered") {
    Setting setting;
    const auto store = setting.lab.folder / "store";
    std::filesystem::create_directory(store);
    setting.lab.profile().ra.store = store;
    test::write_certificates(store / "spare.pem", {setting.make("CN=RA spare", 4)});
    test::write_certificates(store / "old.pem", {setting.make("CN=RA old", 5, -1)});
    test::write_certificates(store / "other.pem",
                             {test::make_signer(test::rsa_key_number(6), "CN=another CA's")});
    test::write_certificates(store / "ca.pem", {setting.lab.ca});
    test::write_text(store / "noise.pem", "half a file");
    setting.book();
    CHECK(setting.subjects() == Subjects{"CN=RA signing", "CN=RA encryption", "CN=RA spare"});
}

TEST_CASE("a revoked certificate in use is event 10, each time it is met") {
    Setting setting;
    setting.book();
    CHECK_FALSE(test::has_event(setting.bench.log, 10));
    REQUIRE(setting.bench.journal.serials().revoke(
        setting.lab.ca.spki_sha256(), setting.lab.ra_encryption.serial(),
        {setting.lab.clock.now(), RevocationReason::key_compromise, "olga"}));
    setting.book();
    CHECK(test::has_event(setting.bench.log, 10));
    CHECK(setting.bench.log.text().find("keyCompromise") != std::string::npos);
}

TEST_CASE("an RA certificate that a CRL revokes is event 10 also when the journal is a new one") {
    test::ServiceSetting setting;
    IssuerConfig& config = setting.lab.profile().issuer;
    config.crl_file = setting.lab.folder / "ca.crl";
    config.crl_lifetime = std::chrono::hours(48);
    auto issuer = make_issuer(config, setting.lab.clock, system_random());
    REQUIRE(issuer);
    const WallTime now = setting.lab.clock.now();
    const std::string serial = setting.lab.ra_signing.serial();
    auto der = (*issuer)->sign_crl(
        {7, now, now + config.crl_lifetime, {{serial, now, RevocationReason::key_compromise}}});
    REQUIRE(der);
    test::write_text(config.crl_file, *crl_pem(*der));
    const auto service = setting.started();
    CHECK(test::has_event(setting.log, 10));
    const auto made = read_crl(*(*issuer)->crl());
    REQUIRE(made);
    CHECK(made->number == 8);
    REQUIRE(made->entries.size() == 1);
    CHECK(made->entries.front().serial == serial);
}
