// From a verdict to a certificate: once for each request, and only the one that was asked for.
#include "scep-server/enroll/issuance.h"

#include <set>
#include <thread>

#include "tests/unit/scep_server/enroll_setting.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::EnrollBench;
using test::FakePolicy;
using test::issued_by;
using test::Lab;
using Setting = test::EnrollSetting;
using Kind = EnrollmentAnswer::Kind;

TEST_CASE("an identical request is answered with the same certificate, also after a restart") {
    Lab lab;
    FakePolicy policy;
    const Device device(4);
    const Bytes csr = make_csr(device.key, device.csr);
    std::set<Bytes> certificates;
    std::set<Bytes> replies;
    for (int run = 0; run < 2; ++run) {
        EnrollBench bench(lab, policy);
        for (int i = 0; i < 3; ++i) {
            const auto answer = bench.enrollment.answer(device.wrap(lab, csr), "192.0.2.7");
            REQUIRE(answer.kind == Kind::cert_rep);
            const auto reply = device.read(answer.message);
            REQUIRE(reply.pki_status == "0");
            certificates.insert(reply.certificates.front().der());
            replies.insert(answer.message);
        }
        CHECK(policy.wait_for_notifies(1).size() == 1);
    }
    CHECK(certificates.size() == 1);
    CHECK(replies.size() == 6);  // each a CertRep of its own
    CHECK(policy.verify_calls == 1);
}

TEST_CASE("fifty identical requests at once are issued one certificate") {
    Setting setting;
    const Device device(4);
    const Bytes message = device.request(setting.lab);
    std::vector<Bytes> replies(50);
    std::vector<std::thread> senders;
    for (Bytes& reply : replies)
        senders.emplace_back([&] { reply = setting.send(message).message; });
    for (std::thread& sender : senders)
        sender.join();
    std::set<Bytes> certificates;
    for (const Bytes& reply : replies) {
        const auto read = device.read(reply);
        REQUIRE(read.pki_status == "0");
        certificates.insert(read.certificates.front().der());
    }
    CHECK(certificates.size() == 1);
    CHECK(setting.policy.verify_calls == 1);
    CHECK(setting.policy.wait_for_notifies(1).size() == 1);
    CHECK(setting.bench.enrollment.counters().issued == 50);
}

TEST_CASE("another request in the same transaction is put to the module anew") {
    Setting setting;
    Device device(4);
    CHECK(setting.ask(device).pki_status == "0");
    device.csr.subject = "CN=other";
    CHECK(setting.ask(device).pki_status == "0");
    CHECK(setting.policy.verify_calls == 2);
}

TEST_CASE("a CA that refuses is told on, and the device gets FAILURE") {
    Setting setting;
    setting.bench.issuer.on_issue = [](const IssueRequest&) -> Result<IssueAnswer> {
        return IssueAnswer{IssueState::refused, {}, "name constraint"};
    };
    const Device device(4);
    const auto reply = setting.ask(device);
    CHECK(reply.pki_status == "2");
    CHECK(reply.fail_info == "2");
    const auto told = setting.policy.wait_for_notifies(1);
    REQUIRE(told.size() == 1);
    CHECK(told[0].disposition == 2);
    CHECK(told[0].last_result == static_cast<std::int32_t>(0x80004005u));
    CHECK(told[0].challenge == "the challenge");
    CHECK(told[0].certificate.empty());
    CHECK(setting.logged("name constraint"));
}

TEST_CASE("a CA that holds the request makes it PENDING, until it issues") {
    Setting setting;
    setting.bench.issuer.on_issue = [](const IssueRequest&) -> Result<IssueAnswer> {
        return IssueAnswer{IssueState::pending, {}, "taken under submission"};
    };
    const Device device(4);
    const auto reply = setting.ask(device);
    CHECK(reply.pki_status == "3");
    CHECK(reply.has_content);
    CHECK(setting.policy.wait_for_notifies(1).front().disposition == 3);
    setting.bench.issuer.on_issue = nullptr;
    CHECK(setting.ask(device).pki_status == "0");
    CHECK(setting.policy.wait_for_notifies(2).back().disposition == 0);
}

TEST_CASE("a CA that cannot be asked is no refusal") {
    Setting setting;
    setting.bench.issuer.on_issue = [](const IssueRequest&) -> Result<IssueAnswer> {
        return fail(ErrorCode::unavailable, "the CA is away");
    };
    const Device device(4);
    CHECK(setting.send(device.request(setting.lab)).kind == Kind::unavailable);
    CHECK(setting.logged("the CA is away"));
    CHECK(setting.logged("event=31"));
    CHECK(setting.bench.journal.notifies().census()->waiting == 0);
}

TEST_CASE("a certificate for another key never leaves") {
    Setting setting;
    setting.bench.issuer.on_issue = [&](const IssueRequest&) -> Result<IssueAnswer> {
        return IssueAnswer{
            IssueState::issued, {issued_by(setting.lab, test::rsa_key_number(5))}, {}};
    };
    const Device device(4);
    CHECK(setting.ask(device).pki_status == "2");
    const auto told = setting.policy.wait_for_notifies(1);
    CHECK(told.front().disposition == 2);
    CHECK(told.front().last_result == static_cast<std::int32_t>(0x80072F78u));  // no valid answer
    CHECK(told.front().certificate.empty());
    CHECK(setting.logged("for another public key"));
    CHECK(setting.logged("event=31"));
    CHECK_FALSE(*setting.bench.journal.has_certificate(
        issued_by(setting.lab, test::rsa_key_number(5)).sha256()));
}

TEST_CASE("a certificate for another subject, of another CA or with other usages never leaves") {
    Setting setting;
    const Device device(4);
    EVP_PKEY* const key = device.key;
    std::string subject = "CN=device";
    const char* usage = "critical,digitalSignature,keyEncipherment";
    std::string wanted;
    Certificate ca = setting.lab.ca;
    SECTION("another subject") {
        subject = "CN=administrator";
        wanted = "for another subject: CN=administrator";
    }
    SECTION("no alternative name") { wanted = "with other alternative names"; }
    SECTION("another CA") {
        ca = test::make_certificate({"CN=Test CA,O=Other", setting.lab.ca_key, nullptr, nullptr,
                                     setting.lab.clock.now(), setting.lab.clock.now(),
                                     "critical,keyCertSign", true});
        wanted = "not signed by the CA";
    }
    SECTION("a CA's usages") {
        usage = "critical,digitalSignature,keyCertSign";
        setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
            auto answer = test::yes_with("CN=device");
            answer.contents->subject_alt_names.clear();
            return answer;
        };
        wanted = "with other key usages";
    }
    setting.bench.issuer.on_issue = [&](const IssueRequest&) -> Result<IssueAnswer> {
        const WallTime now = setting.lab.clock.now();
        return IssueAnswer{IssueState::issued,
                           {test::make_certificate({subject, key, &ca, setting.lab.ca_key,
                                                    now - std::chrono::hours(1),
                                                    now + std::chrono::days(10), usage})},
                           {}};
    };
    const auto reply = setting.ask(device);
    CHECK(reply.pki_status == "2");
    CHECK(reply.fail_info == "2");
    CHECK(reply.certificates.empty());
    CHECK(setting.policy.wait_for_notifies(1).front().disposition == 2);
    CHECK(setting.logged(wanted));
    CHECK(setting.logged("event=31"));
}

TEST_CASE("a module without contents leaves them to the request") {
    Setting setting;
    setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
        PolicyAnswer yes;
        yes.verified = true;
        return yes;
    };
    Device device(4, "CN=device,O=Example");
    device.csr.subject_alt_names = {{SubjectAltNameType::dns, "device.example"}};
    device.csr.key_usage = "critical,digitalSignature";
    device.csr.extended_key_usage = "clientAuth";
    const Certificate leaf = setting.ask(device).certificates.front();
    CHECK(leaf.subject_text() == "CN=device,O=Example");
    CHECK(*leaf.subject_alt_names() == device.csr.subject_alt_names);
    CHECK(::X509_get_key_usage(leaf.handle()) == KU_DIGITAL_SIGNATURE);
    CHECK(leaf.has_extended_key_usage("1.3.6.1.5.5.7.3.2"));
    CHECK(leaf.not_after() == setting.lab.clock.now() + std::chrono::days(90));

    Device plain(5);
    const Certificate usual = setting.ask(plain).certificates.front();
    CHECK(::X509_get_key_usage(usual.handle()) == (KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT));

    Device greedy(6);
    greedy.csr.key_usage = "critical,keyCertSign";
    CHECK(setting.ask(greedy).pki_status == "2");
    CHECK(setting.logged("keyCertSign"));
}

TEST_CASE("what cannot be recorded is not handed out") {
    Setting setting;
    setting.bench.journal.writes_fail = true;
    const Device device(4);
    const auto answer = setting.send(device.request(setting.lab));
    CHECK(answer.kind == Kind::unavailable);
    CHECK(setting.logged("the disk is full"));
    CHECK(setting.logged("was signed and is not handed out"));
    setting.bench.journal.writes_fail = false;
    setting.bench.journal.reads_fail = true;
    CHECK(setting.send(device.request(setting.lab)).kind == Kind::unavailable);
    setting.bench.journal.reads_fail = false;
    CHECK(setting.ask(device).pki_status == "0");
}

TEST_CASE("a request whose certificate has expired is not answered with it") {
    Lab lab;
    lab.profile().mscep.cache_request = std::chrono::days(60);
    FakePolicy policy;
    EnrollBench bench(lab, policy);
    const Device device(4);
    const auto ask = [&] {
        return device.read(bench.enrollment.answer(device.request(lab), "192.0.2.7").message);
    };
    CHECK(ask().pki_status == "0");
    lab.clock.advance(std::chrono::days(31));
    CHECK(ask().pki_status == "2");
    CHECK(policy.verify_calls == 1);
}

TEST_CASE("after CacheRequest the same request is a new one") {
    Setting setting;
    std::string decision = "decision-1";
    setting.policy.on_verify = [&](const PolicyQuestion&) -> Result<PolicyAnswer> {
        PolicyAnswer yes = test::yes_with("CN=device");
        yes.decision_id = decision;
        return yes;
    };
    const Device device(4);
    const auto first = setting.ask(device);
    setting.lab.clock.advance(std::chrono::minutes(19));
    CHECK(setting.ask(device).certificates.front().der() == first.certificates.front().der());
    CHECK(setting.policy.verify_calls == 1);
    setting.lab.clock.advance(std::chrono::minutes(2));
    decision = "decision-2";
    const auto second = setting.ask(device);
    REQUIRE(second.pki_status == "0");
    CHECK(second.certificates.front().der() != first.certificates.front().der());
    CHECK(setting.policy.verify_calls == 2);
    setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
        return PolicyAnswer{};
    };
    setting.lab.clock.advance(std::chrono::minutes(21));
    CHECK(setting.ask(device).pki_status == "2");
}

TEST_CASE("the same decision after CacheRequest is the same certificate") {
    Setting setting;
    const Device device(4);
    const auto first = setting.ask(device);
    setting.lab.clock.advance(std::chrono::minutes(21));
    const auto second = setting.ask(device);
    CHECK(setting.policy.verify_calls == 2);
    REQUIRE(second.pki_status == "0");
    CHECK(second.certificates.front().der() == first.certificates.front().der());
    CHECK(setting.policy.wait_for_notifies(1).size() == 1);
    SECTION("a policy that names no decision makes each yes a new one") {
        setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
            PolicyAnswer yes = test::yes_with("CN=device");
            yes.decision_id.clear();
            return yes;
        };
        setting.lab.clock.advance(std::chrono::minutes(21));
        const auto third = setting.ask(device);
        REQUIRE(third.pki_status == "0");
        CHECK(third.certificates.front().der() != first.certificates.front().der());
    }
}
