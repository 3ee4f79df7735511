// What an issued certificate says otherwise than its decision: found, recorded and told once.
#include "crp-service/validation/deviations.h"

#include <functional>

#include "tests/catch.h"
#include "tests/unit/crp_validation/world.h"

using namespace ndes;
using namespace ndes::crp;
using namespace std::chrono_literals;
using test::World;

namespace {

struct CountingObserver final : VerifyObserver {
    int deviated = 0;
    void phase_took(int, SteadyTime::duration) override {}
    void verdict_recorded(const Decision&) override {}
    void write_took(std::string_view, SteadyTime::duration) override {}
    void outcome_recorded(TransactionState) override {}
    void certificate_deviated() override { ++deviated; }
};

}  // namespace

TEST_CASE(
    "an issued certificate that is not what was verified is recorded all the same, and told") {
    struct Case {
        const char* name;
        std::string fields;  // "" none
        std::string told;    // part of the log's line
        std::function<void(test::CertificateParts&)> change;
    };
    using P = test::CertificateParts;
    const std::vector<Case> cases{
        {"as verified", "", "", [](P&) {}},
        {"RDNs in another order", "", "",
         [](P& p) { p.subject = "O=Example,CN=alice@example.org"; }},
        {"no basicConstraints", "", "", [](P& p) { p.basic_constraints.clear(); }},
        {"subject", "subject",
         "subject is CN=admin@example.org,O=Example, verified was CN=alice@example.org,O=Example",
         [](P& p) { p.subject = "CN=admin@example.org,O=Example"; }},
        {"another name", "san", "san is dns:dc1.example.org, verified was dns:phone-1.example.org",
         [](P& p) { p.dns_name = "dc1.example.org"; }},
        {"one name more", "san", "uri:urn:x", [](P& p) { p.uri = "urn:x"; }},
        {"no name", "san", "san is (none)", [](P& p) { p.dns_name.clear(); }},
        {"one usage less", "key_usage", "key_usage is digitalSignature, verified was digitalSig",
         [](P& p) { p.key_usage = "digitalSignature"; }},
        {"a CA's usage", "key_usage", "keyCertSign",
         [](P& p) { p.key_usage = "digitalSignature,keyEncipherment,keyCertSign"; }},
        {"one extended usage more", "extended_key_usage", "1.3.6.1.5.5.7.3.1",
         [](P& p) { p.extended_key_usage = "clientAuth,serverAuth"; }},
        {"no extended usage: good for every use", "extended_key_usage", "is (none)",
         [](P& p) { p.extended_key_usage.clear(); }},
        {"somebody's SID", "sid", "sid is S-1-5-21-1-2-3-500, verified was (none)",
         [](P& p) { p.sid = "S-1-5-21-1-2-3-500"; }},
        {"a CA", "ca", "ca is true", [](P& p) { p.basic_constraints = "critical,CA:TRUE"; }},
        {"several", "subject san", "; san is (none)",
         [](P& p) {
             p.subject = "CN=x";
             p.dns_name.clear();
         }},
    };
    for (const Case& one : cases) {
        INFO(one.name);
        World world;
        Challenge challenge;
        challenge.id = "0123456789abcdef0123456789abcdef";
        const VerifyInput input = world.request(world.mint(challenge));
        REQUIRE(world.verify(input).verified);
        CountingObserver observer;
        VerifyService service(world.store, world.codec, world.clock, world.random, world.log, {},
                              &observer);
        test::CertificateParts parts;
        parts.not_before = world.clock.now();
        parts.not_after = world.clock.now() + 24h;
        one.change(parts);
        const NotifyInput told = world.issued(input, test::issue(test::rsa_key(0), parts));
        REQUIRE(service.notify(told, world.caller).has_value());
        REQUIRE(service.notify(told, world.caller).has_value());  // is told once
        CHECK(world.challenge(challenge.id).state == ChallengeState::completed);
        CHECK(world.states() == std::vector{5, 9});
        CHECK(observer.deviated == (one.fields.empty() ? 0 : 1));
        std::string deviates, line;
        const AuditRecord last = world.audit().back();
        for (const auto& [name, value] : last.facts)
            if (name == "deviates") deviates = value;
        CHECK(deviates == one.fields);
        for (const test::LogLine& logged : world.log.lines) {
            if (!logged.text.starts_with("The issued certificate is not what was verified: "))
                continue;
            CHECK(logged.severity == Severity::error);
            CHECK(line.empty());
            line = logged.text;
        }
        CHECK(line.empty() == one.fields.empty());
        INFO(line);
        CHECK(line.find(one.told) != std::string::npos);
    }
}

TEST_CASE("usages that the decision leaves to the CA do not deviate, save a CA's") {
    const Certificate issued = test::issue(test::rsa_key(0), {});
    const auto facts = read_certificate_facts(issued.der());
    REQUIRE(facts);
    CertificateContents contents;
    contents.subject = "CN=alice@example.org,O=Example";
    contents.subject_alt_names = {{SubjectAltNameType::dns, "PHONE-1.example.org"}};
    CHECK(deviations_of(issued.der(), *facts, contents).empty());

    test::CertificateParts parts;
    parts.key_usage = "keyCertSign";
    const Certificate of_ca = test::issue(test::rsa_key(0), parts);
    CHECK(fields_of(deviations_of(of_ca.der(), *facts, contents)) == "key_usage");
    // What cannot be read is not taken for what was verified.
    CHECK(fields_of(deviations_of(Bytes{0x30, 0x00}, *facts, contents)) == "extensions");
}
