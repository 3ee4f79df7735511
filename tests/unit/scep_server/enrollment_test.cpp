#include "scep-server/enroll/enrollment.h"

#include <fstream>
#include <iterator>
#include <set>

#include "tests/catch.h"
#include "tests/unit/scep_server/enroll_bench.h"

using namespace ndes;
using namespace ndes::scep;
using test::Device;
using test::EnrollBench;
using test::FakePolicy;
using test::Lab;

namespace {

using Kind = EnrollmentAnswer::Kind;

struct Setting {
    Lab lab;
    FakePolicy policy;
    EnrollBench bench{lab, policy};

    EnrollmentAnswer send(const Bytes& message) {
        return bench.enrollment.answer(message, "192.0.2.7");
    }
    test::Reply ask(const Device& device) {
        const auto answer = send(device.request(lab));
        REQUIRE(answer.kind == Kind::cert_rep);
        return device.read(answer.message);
    }
    void check_refused(const Device& device, const std::string& fail_info) {
        const auto reply = ask(device);
        CHECK(reply.pki_status == "2");
        CHECK(reply.fail_info == fail_info);
        CHECK(reply.certificates.empty());
        CHECK(policy.verify_calls == 0);
    }
    bool logged(const std::string& text) const {
        return bench.log.text().find(text) != std::string::npos;
    }
};

// A certificate as this CA would have issued it.
Certificate issued_by(const Lab& lab, EVP_PKEY* key, int last_day = 10) {
    return test::make_certificate({"CN=device", key, &lab.ca, lab.ca_key,
                                   lab.clock.now() - std::chrono::days(20),
                                   lab.clock.now() + std::chrono::days(last_day),
                                   "critical,digitalSignature,keyEncipherment"});
}

}  // namespace

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
    const Device device(4);
    const auto first = setting.ask(device);
    setting.lab.clock.advance(std::chrono::minutes(19));
    CHECK(setting.ask(device).certificates.front().der() == first.certificates.front().der());
    CHECK(setting.policy.verify_calls == 1);
    setting.lab.clock.advance(std::chrono::minutes(2));
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
