// Who may renew: a valid certificate of this CA, a device's, of the same names.
#include "scep-server/enroll/request_reader.h"

#include "scep-server/message/ra_identity.h"
#include "tests/unit/scep_server/enroll_setting.h"
#include "tests/unit/scep_server/event_sample.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::EnrollBench;
using test::FakePolicy;
using test::issued_by;
using test::Lab;
using Setting = test::EnrollSetting;

TEST_CASE("an EC key that renews without a challenge is told badAlg before anything is issued") {
    Setting setting;
    const EvpPkeyPtr key = test::make_ec_key();
    Device device(4);
    device.key = key.get();
    device.sign_with(issued_by(setting.lab, key.get()), key.get());
    device.message.message_type = "17";
    device.csr.challenge.clear();
    setting.check_refused(device, "0");
    CHECK(setting.logged("event_name=EVENT_MSCEP_FAIL_TO_ENCRYPT"));
    CHECK(setting.logged("no challenge to encrypt it under"));
}

TEST_CASE("renewal: the issued certificate vouches, and the stale challenge does not count") {
    const std::string type = GENERATE(std::string("17"), std::string("19"));
    INFO(type);
    Setting setting;
    Device device(5);
    const Certificate old_certificate = issued_by(setting.lab, test::rsa_key_number(4));
    device.sign_with(old_certificate, test::rsa_key_number(4));
    device.message.message_type = type;
    setting.policy.on_verify = [&](const PolicyQuestion& question) -> Result<PolicyAnswer> {
        CHECK(to_bytes(question.signing_certificate) == old_certificate.der());
        return test::yes_with("CN=device");
    };
    const auto reply = setting.ask(device);
    CHECK(reply.pki_status == "0");
    CHECK(reply.certificates.front().matches(test::rsa_key_number(5)));
    const auto told = setting.policy.wait_for_notifies(1);
    REQUIRE(told.size() == 1);
    CHECK(told[0].challenge.empty());
    CHECK(told[0].disposition == 0);
    CHECK(setting.logged("not of this journal"));

    SECTION("signed by a certificate from here") {
        Device next(6);
        next.message.message_type = type;
        next.sign_with(reply.certificates.front(), test::rsa_key_number(5));
        const std::string before = setting.bench.log.text();
        setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
            return test::yes_with("CN=device");
        };
        CHECK(setting.ask(next).pki_status == "0");
        CHECK(setting.bench.log.text().substr(before.size()).find("not of this journal") ==
              std::string::npos);
    }
    SECTION("without any challenge") {
        device.csr.challenge.clear();
        device.message.transaction_id = "another";
        CHECK(setting.ask(device).pki_status == "0");
    }
    SECTION("with the same key and the same request, twice, signed by different certificates") {
        Device same(4);
        same.message = device.message;
        same.sign_with(old_certificate, same.key);
        const auto first = setting.ask(same).certificates.front();
        CHECK(setting.ask(same).certificates.front().der() == first.der());
        same.sign_with(issued_by(setting.lab, same.key), same.key);
        setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
            return test::yes_with("CN=device");
        };
        CHECK(setting.ask(same).certificates.front().der() != first.der());
    }
}

TEST_CASE("a RenewalReq must be signed by a device's valid certificate of this CA") {
    Setting setting;
    EVP_PKEY* const old_key = test::rsa_key_number(4);
    const WallTime now = setting.lab.clock.now();
    Device device(5);
    device.message.message_type = "17";
    const EvpPkeyPtr other_ca_key = test::make_rsa_key();
    const Certificate impostor_ca = test::make_certificate(
        {"CN=Test CA,O=Lab", other_ca_key.get(), nullptr, nullptr, now - std::chrono::days(1),
         now + std::chrono::days(1), "critical,keyCertSign", true});
    struct Case {
        const char* name;
        Certificate signer;
        EVP_PKEY* key;
        const char* cause;
    };
    const std::vector<Case> cases{
        {"self-signed", test::make_signer(old_key, "CN=device"), old_key, "not issued by this CA"},
        {"self-signed under the CA's name", test::make_signer(old_key, "CN=Test CA,O=Lab"), old_key,
         "not issued by this CA"},
        {"a CA of the same name",
         test::make_certificate({"CN=device", old_key, &impostor_ca, other_ca_key.get(),
                                 now - std::chrono::days(1), now + std::chrono::days(1)}),
         old_key, "not issued by this CA"},
        {"expired", issued_by(setting.lab, old_key, -1), old_key, "has expired"},
        {"not yet valid",
         test::make_certificate({"CN=device", old_key, &setting.lab.ca, setting.lab.ca_key,
                                 now + std::chrono::days(1), now + std::chrono::days(2)}),
         old_key, "not valid yet"},
        {"the RA itself", setting.lab.ra_signing, setting.lab.ra_signing_key, "not a device's"},
        {"the CA itself", setting.lab.ca, setting.lab.ca_key, "not a device's"},
    };
    for (const Case& one : cases) {
        INFO(one.name);
        device.sign_with(one.signer, one.key);
        setting.check_refused(device, "2");
        CHECK(setting.logged(one.cause));
    }
}

TEST_CASE("an expired certificate of this CA can sign an initial request for its own key") {
    Setting setting;
    Device device(4);
    device.sign_with(issued_by(setting.lab, device.key, -1), device.key);
    setting.policy.on_verify = [](const PolicyQuestion& question) -> Result<PolicyAnswer> {
        CHECK(question.signing_certificate.empty());
        return test::yes_with("CN=device");
    };
    CHECK(setting.ask(device).pki_status == "0");
    CHECK(setting.policy.wait_for_notifies(1).front().challenge == "the challenge");
}

TEST_CASE("with renewal switched off nobody renews") {
    Lab lab;
    lab.profile().scep.allow_renewal = false;
    FakePolicy policy;
    EnrollBench bench(lab, policy);
    Device device(5);
    device.sign_with(issued_by(lab, test::rsa_key_number(4)), test::rsa_key_number(4));
    for (const char* type : {"17", "19"}) {
        INFO(type);
        device.message.message_type = type;
        const auto answer = bench.enrollment.answer(device.request(lab), "192.0.2.7");
        CHECK(device.read(answer.message).fail_info == "2");
        CHECK(policy.verify_calls == 0);
    }
}

TEST_CASE("a renewal asks for the names of its certificate, or is none") {
    Lab lab;
    lab.profile().mscep.disable_renewal_subject_name_match = GENERATE(false, true);
    const bool may_differ = lab.profile().mscep.disable_renewal_subject_name_match;
    FakePolicy policy;
    EnrollBench bench(lab, policy);
    const Certificate old = test::make_certificate(
        {"CN=device,O=Example", test::rsa_key_number(4), &lab.ca, lab.ca_key,
         lab.clock.now() - std::chrono::days(20), lab.clock.now() + std::chrono::days(10),
         "critical,digitalSignature,keyEncipherment"});
    int number = 0;
    const auto status = [&](const char* type, const Device& like) {
        Device device = like;
        device.message.message_type = type;
        device.message.transaction_id = "tx" + std::to_string(++number);
        return device.read(bench.enrollment.answer(device.request(lab), "192.0.2.7").message)
            .pki_status;
    };
    for (const char* type : {"17", "19"}) {
        INFO(type << ", DisableRenewalSubjectNameMatch = " << may_differ);
        Device device(5);
        device.sign_with(old, test::rsa_key_number(4));
        device.csr.subject = "O=Example,CN=device";  // the order of the parts is no difference
        CHECK(status(type, device) == "0");
        device.csr.subject = "CN=other,O=Example";
        CHECK(status(type, device) == (may_differ ? "0" : "2"));
        device.csr.subject = "CN=device,O=Example";
        device.csr.subject_alt_names = {{SubjectAltNameType::dns, "admin.example"}};
        CHECK(status(type, device) == (may_differ ? "0" : "2"));
    }
    CHECK(policy.verify_calls == (may_differ ? 6 : 2));
    CHECK(test::has_event(bench.log, 28) == !may_differ);
}

TEST_CASE("an RA certificate of before renews nothing") {
    Setting setting;
    Device device(5);
    device.message.message_type = "17";
    test::CertificateOrder order{"CN=device",
                                 test::rsa_key_number(4),
                                 &setting.lab.ca,
                                 setting.lab.ca_key,
                                 setting.lab.clock.now() - std::chrono::days(20),
                                 setting.lab.clock.now() + std::chrono::days(10),
                                 "critical,digitalSignature"};
    order.extended_key_usage = kCertificateRequestAgent;
    device.sign_with(test::make_certificate(order), test::rsa_key_number(4));
    setting.check_refused(device, "2");
    CHECK(setting.logged("not a device's"));
}
