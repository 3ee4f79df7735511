#include "scep-server/enroll/enrollment.h"

#include <fstream>
#include <iterator>

#include "tests/unit/scep_server/enroll_setting.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::EnrollBench;
using test::FakePolicy;
using test::Lab;
using Setting = test::EnrollSetting;
using Kind = EnrollmentAnswer::Kind;

TEST_CASE("a request that the module permits becomes a certificate of the module's contents") {
    Setting setting;
    Device device(4, "CN=wishful,O=Thinking");
    device.csr.key_usage = "critical,digitalSignature";
    const Bytes csr = make_csr(device.key, device.csr);
    std::string asked;
    setting.policy.on_verify = [&](const PolicyQuestion& question) -> Result<PolicyAnswer> {
        CHECK(to_bytes(question.certificate_request) == csr);
        CHECK(question.signing_certificate.empty());
        CHECK(question.template_name == "Signature");
        CHECK(question.transaction_id == "transaction-4");
        CHECK(question.ca_name == "Test CA");
        CHECK(question.device_address == "192.0.2.7");
        asked = question.request_id;
        return test::yes_with("CN=alice,O=Example");
    };
    const auto answer = setting.send(device.wrap(setting.lab, csr));
    REQUIRE(answer.kind == Kind::cert_rep);
    CHECK(answer.transaction_id == "transaction-4");
    CHECK(answer.request_id == asked);
    const auto reply = device.read(answer.message);
    CHECK(reply.pki_status == "0");
    CHECK(reply.transaction_id == "transaction-4");
    REQUIRE(reply.certificates.size() == 1);
    const Certificate& leaf = reply.certificates.front();
    CHECK(leaf.subject_text() == "CN=alice,O=Example");
    CHECK(leaf.is_issued_by(setting.lab.ca));
    CHECK(leaf.matches(device.key));

    const auto told = setting.policy.wait_for_notifies(1);
    REQUIRE(told.size() == 1);
    CHECK(told[0].challenge == "the challenge");
    CHECK(told[0].transaction_id == "transaction-4");
    CHECK(told[0].request_id == asked);
    CHECK(told[0].disposition == 0);
    CHECK(told[0].last_result == 0);
    CHECK(told[0].certificate == leaf.der());
    CHECK(setting.bench.enrollment.counters().issued == 1);
}

TEST_CASE("the reply repeats the request's nonce") {
    Setting setting;
    Device device(4);
    device.message.sender_nonce = Bytes(16, 0xa5);
    CHECK(setting.ask(device).recipient_nonce == Bytes(16, 0xa5));
}

TEST_CASE("the template follows the key usage") {
    Setting setting;
    const std::vector<std::pair<std::string, std::string>> cases{
        {"critical,digitalSignature", "Signature"},
        {"digitalSignature,nonRepudiation", "Signature"},
        {"critical,keyEncipherment", "Encryption"},
        {"dataEncipherment", "Encryption"},
        {"critical,digitalSignature,keyEncipherment", "GeneralPurpose"},
        {"", "GeneralPurpose"},
    };
    std::string asked;
    setting.policy.on_verify = [&](const PolicyQuestion& question) -> Result<PolicyAnswer> {
        asked = question.template_name;
        return test::yes_with("CN=x");
    };
    int number = 0;
    for (const auto& [usage, expected] : cases) {
        INFO(usage);
        Device device(4);
        device.csr.key_usage = usage;
        device.message.transaction_id = "tx" + std::to_string(++number);
        CHECK(setting.ask(device).pki_status == "0");
        CHECK(asked == expected);
    }
}

TEST_CASE("a no is FAILURE badRequest, and nothing is notified or recorded") {
    Setting setting;
    setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
        PolicyAnswer no;
        no.reason = "ChallengeExpired";
        no.detail = "expired yesterday";
        return no;
    };
    const Device device(4);
    const auto reply = setting.ask(device);
    CHECK(reply.pki_status == "2");
    CHECK(reply.fail_info == "2");
    CHECK(reply.has_content);
    CHECK(setting.logged("ChallengeExpired"));
    CHECK(setting.logged("event_name=EVENT_MSCEP_INVALID_PASSWORD"));
    CHECK(setting.bench.journal.notifies().census()->waiting == 0);
    // The next answer may differ: a no is not kept.
    setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
        return test::yes_with("CN=device");
    };
    CHECK(setting.ask(device).pki_status == "0");
}

TEST_CASE("a check that could not be made is no verdict: the device is told to come again") {
    Setting setting;
    setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
        Error error{ErrorCode::unavailable, "the CRP cannot be reached", "0x80072efd",
                    std::chrono::seconds(17)};
        return Failure(error);
    };
    const Device device(4);
    const auto answer = setting.send(device.request(setting.lab));
    CHECK(answer.kind == Kind::unavailable);
    CHECK(answer.message.empty());
    CHECK(answer.retry_after == std::chrono::seconds(17));
    CHECK(answer.transaction_id == "transaction-4");
    CHECK(setting.logged("the CRP cannot be reached (0x80072efd)"));
    CHECK_FALSE(setting.logged("PASSWORD"));
    CHECK_FALSE(setting.logged("password"));
    CHECK(setting.bench.journal.notifies().census()->waiting == 0);
    setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
        return test::yes_with("CN=device");
    };
    CHECK(setting.ask(device).pki_status == "0");
}

TEST_CASE("a module that is broken or forbids the question fails the request, as its header says") {
    Setting setting;
    setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
        return fail(ErrorCode::internal, "the policy check could not be made", "0x80190199");
    };
    const Device device(4);
    const auto reply = setting.ask(device);
    CHECK(reply.pki_status == "2");
    CHECK(reply.fail_info == "2");
    CHECK(setting.logged("event=23"));
    CHECK(setting.logged("0x80190199"));
    CHECK(setting.bench.journal.notifies().census()->waiting == 0);
    setting.policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
        return test::yes_with("CN=device");
    };
    CHECK(setting.ask(device).pki_status == "0");
}

TEST_CASE("an initial request without a challenge never reaches the module") {
    Setting setting;
    Device device(4);
    device.csr.challenge.clear();
    setting.check_refused(device, "2");
    CHECK(setting.logged("event=28"));
    CHECK(setting.logged("event_name=EVENT_MSCEP_NO_PASSWORD"));
}

TEST_CASE("a message signed by another key than the request's is refused") {
    Setting setting;
    Device device(4);
    // A recorded envelope in a signature of one's own: the reply would go to the thief.
    device.sign_with(test::make_signer(test::rsa_key_number(5), "CN=device"),
                     test::rsa_key_number(5));
    setting.check_refused(device, "2");
    CHECK(setting.logged("not signed by the key that a certificate is asked for"));
}

TEST_CASE("any subject may sign an initial request, as long as the key is the same") {
    Setting setting;
    Device device(4);
    device.signer = test::make_signer(device.key, "CN=SCEP SIGNER");
    CHECK(setting.ask(device).pki_status == "0");
}

TEST_CASE("an EC key gets its certificate under the challenge") {
    Setting setting;
    const EvpPkeyPtr key = test::make_ec_key();
    Device device(4);
    device.key = key.get();
    device.sign_with(test::make_signer(key.get(), "CN=device"), key.get());
    const auto answer = setting.send(device.request(setting.lab));
    REQUIRE(answer.kind == Kind::cert_rep);
    const auto reply = test::read_reply_under(answer.message, device.csr.challenge);
    CHECK(reply.pki_status == "0");
    REQUIRE(reply.certificates.size() == 1);
    CHECK(reply.certificates.front().matches(key.get()));
}

TEST_CASE("only PKCSReq and RenewalReq reach the module") {
    Setting setting;
    Device device(4);
    for (int type = 0; type <= 64; ++type) {
        if (type == 19) continue;
        INFO(type);
        device.message.message_type = std::to_string(type);
        const auto reply = setting.ask(device);
        CHECK(reply.pki_status == "2");
        // A PKCS#10 request is no IssuerAndSerialNumber.
        CHECK(reply.fail_info == (type == 21 || type == 22 ? "1" : "2"));
    }
    CHECK(setting.policy.verify_calls == 0);
    CHECK(setting.logged("event_name=EVENT_MSCEP_BAD_MESSAGE_TYPE"));
    CHECK(setting.logged("event_name=EVENT_MSCEP_FAIL_TO_GET_ID"));                 // 20
    CHECK(setting.logged("event_name=EVENT_MSCEP_FAIL_NAME_NUMBER_FROM_MESSAGE"));  // 21, 22
}

TEST_CASE("whatever is wrong inside the envelope is told as badMessageCheck") {
    Setting setting;
    const Device device(4);
    Bytes bad_signature = make_csr(device.key, device.csr);
    bad_signature.back() ^= 1;
    const Bytes good = make_csr(device.key, device.csr);
    const std::vector<std::pair<const char*, Bytes>> cases{
        {"no request", to_bytes(as_bytes("garbage"))},
        {"a truncated request", to_bytes(ByteView(good).first(good.size() - 1))},
        {"a wrong signature", bad_signature},
    };
    for (const auto& [name, content] : cases) {
        INFO(name);
        const auto answer = setting.send(device.wrap(setting.lab, content));
        REQUIRE(answer.kind == Kind::cert_rep);
        CHECK(device.read(answer.message).fail_info == "1");
    }
    SECTION("an envelope for somebody else") {
        const Bytes message =
            make_message(good, device.key, device.signer, {setting.lab.ra_signing}, device.message);
        CHECK(device.read(setting.send(message).message).fail_info == "1");
    }
    CHECK(setting.policy.verify_calls == 0);
}

TEST_CASE("what is no SCEP message cannot be answered") {
    Setting setting;
    for (const Bytes& message : {Bytes{}, Bytes{0x30, 0x00}, to_bytes(as_bytes("hello"))}) {
        const auto answer = setting.send(message);
        CHECK(answer.kind == Kind::malformed);
        CHECK(answer.message.empty());
    }
    CHECK(setting.logged("event_name=EVENT_MSCEP_FAIL_TO_DECODE"));
    CHECK(setting.bench.enrollment.counters().malformed == 3);
}

TEST_CASE("failInfoText says what the operator chose, and nothing else") {
    Lab lab;
    lab.profile().scep.fail_info_text = "ask the help desk";
    FakePolicy policy;
    EnrollBench bench(lab, policy);
    Device device(4);
    device.csr.challenge.clear();
    const auto answer = bench.enrollment.answer(device.request(lab), "192.0.2.7");
    CHECK(as_text(answer.message).find("ask the help desk") != std::string_view::npos);
}

TEST_CASE("the challenge is in no log and in no file") {
    Setting setting;
    setting.policy.on_notify = [](const FakePolicy::Notified&) -> Result<void> {
        return fail(ErrorCode::unavailable, "not now");
    };
    Device device(4);
    device.csr.challenge = "marker-5d41402abc4b";
    CHECK(setting.ask(device).pki_status == "0");
    CHECK(setting.policy.wait_for_notifies(1).front().challenge == device.csr.challenge);
    CHECK_FALSE(setting.logged("marker-"));
    int files = 0;
    for (const auto& file : std::filesystem::directory_iterator(setting.lab.folder.path())) {
        std::ifstream stream(file.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(stream), {}};
        INFO(file.path());
        CHECK(text.find("marker-") == std::string::npos);
        ++files;
    }
    CHECK(files > 0);
}

TEST_CASE("without room for outcomes nothing is verified or issued, and the device comes again") {
    Setting setting;
    setting.bench.room = false;
    const Device device(4);
    const auto answer = setting.bench.enrollment.answer(device.request(setting.lab), "192.0.2.7");
    CHECK(answer.kind == EnrollmentAnswer::Kind::unavailable);
    CHECK(setting.policy.verify_calls == 0);
    CHECK(setting.bench.log.text().find("policy.notify_most is reached") != std::string::npos);
    setting.bench.room = true;
    CHECK(setting.bench.enrollment.answer(device.request(setting.lab), "192.0.2.7").kind ==
          EnrollmentAnswer::Kind::cert_rep);
    CHECK(setting.policy.verify_calls == 1);
}

TEST_CASE("a weak RSA key gets no certificate, whoever leaves the contents to the request") {
    Lab lab;
    const int least = GENERATE(1024, 2048);
    lab.profile().scep.minimum_rsa_bits = least;
    FakePolicy policy;
    policy.on_verify = [](const PolicyQuestion&) -> Result<PolicyAnswer> {
        PolicyAnswer yes;
        yes.verified = true;
        return yes;
    };
    EnrollBench bench(lab, policy);
    const auto status_of = [&](int bits) {
        const EvpPkeyPtr key = test::make_rsa_key(bits);
        Device device(4);
        device.key = key.get();
        device.sign_with(test::make_signer(key.get(), "CN=device"), key.get());
        return device.read(bench.enrollment.answer(device.request(lab), "192.0.2.7").message)
            .pki_status;
    };
    CHECK(status_of(512) == "2");
    CHECK(policy.verify_calls == 0);
    CHECK(bench.log.text().find("512 bits is too weak") != std::string::npos);
    CHECK(status_of(1024) == (least == 1024 ? "0" : "2"));
    CHECK(status_of(2048) == "0");
}
