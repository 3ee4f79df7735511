#include "common/crp_protocol/generate_challenge_v1.h"
#include "common/crp_protocol/notify_v1.h"
#include "common/crp_protocol/verify_v1.h"
#include "common/strict_json.h"
#include "tests/catch.h"
#include "tests/unit/common/hostile_text.h"

using namespace ndes;
using namespace ndes::crp_protocol;

namespace {

VerifyRequest good_request() {
    return {"T-1", "R-1", to_bytes(as_bytes("csr")), std::nullopt, "Users", "host\\CA", "10.0.0.7"};
}

VerifyAnswer good_answer() {
    CertificateContents contents;
    contents.subject = "CN=Ann,O=Example";
    contents.subject_alt_names = {{SubjectAltNameType::upn, "ann@example.org"},
                                  {SubjectAltNameType::ip, "10.0.0.7"}};
    contents.key_usage = {KeyUsage::digital_signature, KeyUsage::key_encipherment};
    contents.extended_key_usage = {"1.3.6.1.5.5.7.3.2"};
    contents.validity_days = 365;
    contents.template_name = "Users";
    return {true, "Success", 3, "", "T-1", "D-1", contents};
}

NotifyRequest good_notify() {
    return {"T-1", "R-1", "challenge", Disposition::success, 0, to_bytes(as_bytes("certificate"))};
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

bool is_yes(std::string_view text, std::string_view transaction_id = "T-1") {
    const auto answer = verify_answer_from_json(text, transaction_id);
    return answer && answer->verified;
}

}  // namespace

TEST_CASE("VerifyRequest has this text") {
    CHECK(to_json(good_request()) ==
          R"({"transactionId":"T-1","requestId":"R-1","certificateRequest":"Y3Ny",)"
          R"("signingCertificate":null,"template":"Users","caName":"host\\CA",)"
          R"("deviceAddress":"10.0.0.7"})");
}

TEST_CASE("VerifyRequest reads back as it was") {
    VerifyRequest request = good_request();
    request.signing_certificate = to_bytes(as_bytes("signer"));
    request.ca_name.clear();
    request.device_address.clear();
    const auto read = verify_request_from_json(to_json(request)).value();
    CHECK(read.transaction_id == request.transaction_id);
    CHECK(read.request_id == request.request_id);
    CHECK(read.certificate_request == request.certificate_request);
    CHECK(read.signing_certificate == request.signing_certificate);
    CHECK(read.template_name == request.template_name);
    CHECK(read.ca_name.empty());
    CHECK(read.device_address.empty());
    CHECK_FALSE(verify_request_from_json(to_json(good_request())).value().signing_certificate);
}

TEST_CASE("each wrong field of a VerifyRequest is named") {
    const std::string good = to_json(good_request());
    const std::string long_id(256, 'x');
    const std::string long_der = to_base64(Bytes(64 * 1024 + 1));
    struct Case {
        std::string from, to, fault;
    };
    const std::vector<Case> cases = {
        {R"("T-1")", R"("")", "transactionId: is empty"},
        {R"("T-1")", "\"" + long_id + "\"", "transactionId: longer than 255 octets"},
        {R"("T-1")", R"("T\n1")", "transactionId: holds control characters"},
        {R"("transactionId":"T-1",)", "", "transactionId: is missing"},
        {R"("R-1")", "1", "requestId: must be a text"},
        {R"("R-1")", "\"" + long_id + "\"", "requestId: longer than 255 octets"},
        {R"("Y3Ny")", "null", "certificateRequest: must be a base64 text"},
        {R"("Y3Ny")", R"("Y3N")", "certificateRequest: not base64"},
        {R"("Y3Ny")", R"("")", "certificateRequest: is empty"},
        {R"("Y3Ny")", "\"" + long_der + "\"", "certificateRequest: longer than 65536 octets"},
        {"null", R"("%")", "signingCertificate: not base64"},
        {"null", "\"" + long_der + "\"", "signingCertificate: longer than 65536 octets"},
        {R"("Users")", R"("")", "template: is empty"},
        {R"("10.0.0.7")", "7", "deviceAddress: must be a text"},
        {R"({"tr)", R"({"foo":1,"tr)", "unknown field \"foo\""},
        {R"({"tr)", R"({"requestId":"x","tr)", "duplicate field \"requestId\""},
    };
    for (const Case& sample : cases) {
        CAPTURE(sample.fault);
        const auto read = verify_request_from_json(replaced(good, sample.from, sample.to));
        REQUIRE_FALSE(read);
        CHECK(read.error().text == sample.fault);
        CHECK(read.error().code == ErrorCode::bad_request);
    }
}

TEST_CASE("the largest request allowed passes") {
    VerifyRequest request = good_request();
    request.transaction_id = std::string(255, 'x');
    request.certificate_request = Bytes(64 * 1024, 0x30);
    request.signing_certificate = Bytes(64 * 1024, 0x30);
    CHECK(verify_request_from_json(to_json(request)));
    CHECK(verify_request_from_json(std::string(200 * 1024, ' ')).error().code ==
          ErrorCode::too_large);
}

TEST_CASE("VerifyRequest carries hostile text unharmed or refuses it") {
    test::SeededRandom random(5);
    for (int i = 0; i < 5000; ++i) {
        VerifyRequest request = good_request();
        request.ca_name = test::hostile_text(random, true);
        const auto read = verify_request_from_json(to_json(request));
        if (read) REQUIRE(read->ca_name == request.ca_name);
        if (!read) REQUIRE(read.error().text == "caName: holds control characters");
    }
}

TEST_CASE("VerifyAnswer has this text") {
    CHECK(to_json(good_answer()) ==
          R"({"verified":true,"reason":"Success","phase":3,"detail":"","transactionId":"T-1",)"
          R"("decisionId":"D-1","certificate":{"subject":"CN=Ann,O=Example","subjectAltNames":[)"
          R"({"type":"upn","value":"ann@example.org"},{"type":"ip","value":"10.0.0.7"}],)"
          R"("keyUsage":["digitalSignature","keyEncipherment"],)"
          R"("extendedKeyUsage":["1.3.6.1.5.5.7.3.2"],"validityDays":365,"template":"Users"}})");
    const VerifyAnswer no{false, "SubjectNameMismatch", 3, "CN differs", "T-1", "D-2", {}};
    CHECK(to_json(no) ==
          R"({"verified":false,"reason":"SubjectNameMismatch","phase":3,"detail":"CN differs",)"
          R"("transactionId":"T-1","decisionId":"D-2"})");
}

TEST_CASE("VerifyAnswer reads back as it was") {
    const VerifyAnswer answer = good_answer();
    const auto yes = verify_answer_from_json(to_json(answer), "T-1").value();
    CHECK(yes.verified);
    CHECK(yes.reason == "Success");
    CHECK(yes.phase == 3);
    CHECK(yes.transaction_id == "T-1");
    CHECK(yes.decision_id == "D-1");
    CHECK(yes.certificate == answer.certificate);
    const VerifyAnswer refusal{false, "ChallengeExpired", 2, "at \x1B[2J noon", "T-1", "D-2", {}};
    const auto no = verify_answer_from_json(to_json(refusal), "T-1").value();
    CHECK_FALSE(no.verified);
    CHECK(no.reason == "ChallengeExpired");
    CHECK(no.detail == "at \\x1B[2J noon");
    CHECK(verify_answer_from_json(to_json(no), "T-1").value().detail == no.detail);  // once only
    CHECK_FALSE(no.certificate);
}

TEST_CASE("a null certificate is as good as none in a refusal") {
    CHECK(verify_answer_from_json(
        R"({"verified":false,"reason":"X","phase":0,"detail":"","transactionId":"T-1",)"
        R"("decisionId":"D","certificate":null})",
        "T-1"));
}

TEST_CASE("a truncated yes is never an answer") {
    const std::string good = to_json(good_answer());
    REQUIRE(is_yes(good));
    for (std::size_t length = 0; length < good.size(); ++length) {
        REQUIRE_FALSE(verify_answer_from_json(good.substr(0, length), "T-1"));
        if (length + 1 == good.size()) continue;  // what was cut off is the brace
        REQUIRE_FALSE(verify_answer_from_json(good.substr(0, length) + "}", "T-1"));
    }
}

TEST_CASE("a yes with an octet removed, doubled or flipped never gains another meaning") {
    const std::string good = to_json(good_answer());
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::vector<std::string> damaged(2, good);
        damaged[0].erase(i, 1);
        damaged[1].insert(i, 1, good[i]);
        for (int bit = 0; bit < 8; ++bit) {
            damaged.push_back(good);
            damaged.back()[i] = static_cast<char>(good[i] ^ (1 << bit));
        }
        for (const std::string& text : damaged) {
            const auto answer = verify_answer_from_json(text, "T-1");
            if (!answer) continue;
            // Only inside a value: the answer is still a complete yes to the same question.
            REQUIRE(answer->verified);
            REQUIRE(answer->reason == "Success");
            REQUIRE(answer->transaction_id == "T-1");
            REQUIRE(answer->certificate);
        }
    }
}

TEST_CASE("half a yes is no answer") {
    const std::string good = to_json(good_answer());
    const std::string certificate = good.substr(good.find(R"(,"certificate")"));
    struct Case {
        std::string from, to, fault;
    };
    const std::vector<Case> cases = {
        {R"("verified":true)", R"("verified":"true")", "verified: must be true or false"},
        {R"("verified":true)", R"("verified":1)", "verified: must be true or false"},
        {R"("verified":true)", R"("verified":[true])", "verified: must be true or false"},
        {R"("verified":true)", R"("verified":null)", "verified: is missing"},
        {R"("verified":true,)", "", "verified: is missing"},
        {R"("verified":true)", R"("Verified":true)", "verified: is missing"},
        {R"("verified":true)", R"("verified":false)", "reason: contradicts verified"},
        {R"({"verified":true)", R"({"verified":false,"verified":true)",
         "duplicate field \"verified\""},
        {R"("Success")", R"("success")", "reason: contradicts verified"},
        {R"("Success")", R"("ChallengeExpired")", "reason: contradicts verified"},
        {R"("Success")", "null", "reason: must be a text"},
        {R"("phase":3)", R"("phase":4)", "phase: must be 0 to 3"},
        {R"("phase":3)", R"("phase":"3")", "phase: must be an integer"},
        {R"("detail":"",)", "", "detail: is missing"},
        {R"("T-1")", R"("T-2")", "transactionId: is not that of the question"},
        {R"("T-1")", R"("T-1 ")", "transactionId: is not that of the question"},
        {R"("T-1")", "null", "transactionId: must be a text"},
        {R"("D-1")", R"("")", "decisionId: is empty"},
        {certificate, "}", "certificate: is missing"},
        {certificate, R"(,"certificate":null})", "certificate: is missing"},
        {certificate, R"(,"certificate":[]})", "certificate: must be an object"},
        {R"({"verified")", R"({"extra":1,"verified")", "unknown field \"extra\""},
        {R"("CN=Ann,O=Example")", "null", "certificate.subject: must be a text"},
        {R"("type":"upn")", R"("type":"UPN")",
         "certificate.subjectAltNames[0].type: must be upn, email, dns, uri or ip"},
        {R"("value":"10.0.0.7")", R"("value":"")",
         "certificate.subjectAltNames[1].value: is empty"},
        {R"({"type":"upn")", R"({"x":1,"type":"upn")",
         "unknown field \"certificate.subjectAltNames[0].x\""},
        {R"("subjectAltNames":[)", R"("subjectAltNames":[1,)",
         "certificate.subjectAltNames[0]: must be an object"},
        {R"("keyEncipherment")", R"("keyCertSigning")",
         "certificate.keyUsage: names an unknown usage"},
        {R"("keyEncipherment")", R"("digitalSignature")",
         "certificate.keyUsage: names a usage twice"},
        {R"("keyUsage":["digitalSignature","keyEncipherment"],)", "",
         "certificate.keyUsage: is missing"},
        {R"("extendedKeyUsage":["1.3.6.1.5.5.7.3.2"],)", "",
         "certificate.extendedKeyUsage: is missing"},
        {"\"1.3.6.1.5.5.7.3.2\"", R"("clientAuth")",
         "certificate.extendedKeyUsage: must be dotted OIDs"},
        {"\"1.3.6.1.5.5.7.3.2\"", R"("1.3.06")",
         "certificate.extendedKeyUsage: must be dotted OIDs"},
        {"\"1.3.6.1.5.5.7.3.2\"", R"("1.3.")", "certificate.extendedKeyUsage: must be dotted OIDs"},
        {"\"1.3.6.1.5.5.7.3.2\"", R"("1..3")", "certificate.extendedKeyUsage: must be dotted OIDs"},
        {"\"1.3.6.1.5.5.7.3.2\"", R"("3.1")", "certificate.extendedKeyUsage: must be dotted OIDs"},
        {"\"1.3.6.1.5.5.7.3.2\"", R"("1.2","1.2")",
         "certificate.extendedKeyUsage: names an OID twice"},
        {"365", "0", "certificate.validityDays: must be 1 to 36500"},
        {"365", "36501", "certificate.validityDays: must be 1 to 36500"},
        {R"("template":"Users")", R"("template":"")", "certificate.template: is empty"},
    };
    for (const Case& sample : cases) {
        CAPTURE(sample.from, sample.to);
        const auto answer = verify_answer_from_json(replaced(good, sample.from, sample.to), "T-1");
        REQUIRE_FALSE(answer);
        CHECK(answer.error().text == sample.fault);
    }
    CHECK_FALSE(is_yes(good, "T-2"));
    CHECK_FALSE(is_yes(good, ""));
    CHECK_FALSE(is_yes("[" + good + "]"));
    CHECK_FALSE(is_yes(good + good));
}

TEST_CASE("an empty subject needs an alternative name; usages come in their order") {
    VerifyAnswer answer = good_answer();
    answer.certificate->subject.clear();
    CHECK(is_yes(to_json(answer)));
    answer.certificate->subject_alt_names.clear();
    CHECK_FALSE(is_yes(to_json(answer)));
    answer = good_answer();
    answer.certificate->key_usage = {KeyUsage::key_encipherment, KeyUsage::digital_signature};
    const auto read = verify_answer_from_json(to_json(answer), "T-1").value();
    CHECK(read.certificate->key_usage ==
          std::vector{KeyUsage::digital_signature, KeyUsage::key_encipherment});
}

TEST_CASE("Notify has this text and reads back as it was") {
    const NotifyRequest success = good_notify();
    CHECK(to_json(success) ==
          R"({"transactionId":"T-1","requestId":"R-1","challenge":"challenge","disposition":0,)"
          R"("hResult":0,"certificate":"Y2VydGlmaWNhdGU="})");
    const auto read = notify_request_from_json(to_json(success)).value();
    CHECK(read.challenge == "challenge");
    CHECK(read.certificate == success.certificate);
    NotifyRequest failure{"T-1", "R-1", std::nullopt, Disposition::failure, -2147467259, {}};
    CHECK(to_json(failure) ==
          R"({"transactionId":"T-1","requestId":"R-1","challenge":null,"disposition":2,)"
          R"("hResult":-2147467259,"certificate":null})");
    for (const Disposition disposition : {Disposition::unknown, Disposition::failure,
                                          Disposition::pending, Disposition::pending_challenge}) {
        failure.disposition = disposition;
        const auto other = notify_request_from_json(to_json(failure)).value();
        CHECK(other.disposition == disposition);
        CHECK(other.hresult == -2147467259);
        CHECK_FALSE(other.challenge);
        CHECK_FALSE(other.certificate);
    }
}

TEST_CASE("each wrong field of a Notify is named") {
    const std::string good = to_json(good_notify());
    struct Case {
        std::string from, to, fault;
    };
    const std::vector<Case> cases = {
        {R"("T-1")", "null", "transactionId: must be a text"},
        {R"("requestId":"R-1",)", "", "requestId: is missing"},
        {R"("challenge":"challenge")", R"("challenge":"")", "challenge: is empty"},
        {R"("challenge":"challenge")", "\"challenge\":\"" + std::string(16385, 'x') + "\"",
         "challenge: longer than 16384 octets"},
        {R"("disposition":0)", R"("disposition":1)", "disposition: must be -1, 0, 2, 3 or 11"},
        {R"("disposition":0)", R"("disposition":12)", "disposition: must be -1 to 11"},
        {R"("disposition":0)", R"("disposition":"0")", "disposition: must be an integer"},
        {R"("disposition":0,)", "", "disposition: is missing"},
        {R"("disposition":0)", R"("disposition":2)", "certificate: belongs to a success only"},
        {R"("hResult":0)", R"("hResult":2147500037)", "hResult: must be -2147483648 to 2147483647"},
        {R"("Y2VydGlmaWNhdGU=")", "null", "certificate: is missing for a success"},
        {R"("Y2VydGlmaWNhdGU=")", R"("Y2Vy dGlm")", "certificate: not base64"},
        {R"({"tr)", R"({"x":1,"tr)", "unknown field \"x\""},
    };
    for (const Case& sample : cases) {
        CAPTURE(sample.fault);
        const auto read = notify_request_from_json(replaced(good, sample.from, sample.to));
        REQUIRE_FALSE(read);
        CHECK(read.error().text == sample.fault);
    }
}

TEST_CASE("GenerateChallenge reads back as it was and names what is wrong") {
    const GenerateChallengeRequest request{"R-1", "Users", "deviceId=1&policyId=2"};
    const std::string asked = to_json(request);
    CHECK(asked == R"({"requestId":"R-1","template":"Users","params":"deviceId=1&policyId=2"})");
    CHECK(generate_challenge_request_from_json(asked).value().params == request.params);
    CHECK(generate_challenge_request_from_json(replaced(asked, "\"Users\"", "1")).error().text ==
          "template: must be a text");
    CHECK(generate_challenge_request_from_json(replaced(asked, "\"R-1\"", "\"\"")).error().text ==
          "requestId: is empty");
    CHECK(generate_challenge_request_from_json(replaced(asked, "params", "parms")).error().text ==
          "params: is missing");
    const GenerateChallengeAnswer answer{"c", "C-1", "2026-11-20T13:35:00.000Z"};
    const std::string answered = to_json(answer);
    CHECK(answered ==
          R"({"challenge":"c","challengeId":"C-1","expiresAt":"2026-11-20T13:35:00.000Z"})");
    const auto read = generate_challenge_answer_from_json(answered).value();
    CHECK(read.challenge == "c");
    CHECK(read.challenge_id == "C-1");
    CHECK(read.expires_at == answer.expires_at);
    CHECK(generate_challenge_answer_from_json(replaced(answered, "2026", "x")).error().text ==
          "expiresAt: must be an RFC 3339 time");
    CHECK(generate_challenge_answer_from_json(replaced(answered, "\"c\"", "\"\"")).error().text ==
          "challenge: is empty");
    CHECK(generate_challenge_answer_from_json(replaced(answered, "{", "{\"x\":1,")).error().text ==
          "unknown field \"x\"");
}
