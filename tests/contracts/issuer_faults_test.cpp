// CAs that are away, slow, unwilling or wrong, and what their issuers make of it.
#include <array>
#include <fstream>
#include <sstream>
#include <thread>

#include <openssl/hmac.h>

#include <nlohmann/json.hpp>

#include "common/clock.h"
#include "scep-server/issuer/issued_check.h"
#include "tests/catch.h"
#include "tests/contracts/issuer_backends.h"

using namespace ndes;
using namespace ndes::scep;
using test::TemporaryFolder;
using test::TestCa;
using test::Wanted;

namespace {

using Answer = std::function<http::Response(const http::Request&)>;

struct Setting {
    TemporaryFolder folder;
    TestCa ca{folder, "Issuing CA"};
    Wanted wanted;

    Result<IssueAnswer> ask_est(const Answer& answer,
                                std::chrono::milliseconds deadline = test::kPatience) {
        return test::make_est_backend(
                   folder, ca,
                   [answer](const http::Request& request, const http::Peer&) {
                       return answer(request);
                   },
                   deadline)
            ->issuer()
            .issue(wanted.request());
    }
    Result<IssueAnswer> ask_cfssl(const Answer& answer,
                                  std::chrono::milliseconds deadline = test::kPatience) {
        return test::make_cfssl_backend(
                   folder, ca,
                   [answer](const http::Request& request, const http::Peer&) {
                       return answer(request);
                   },
                   deadline)
            ->issuer()
            .issue(wanted.request());
    }
    Result<IssueAnswer> ask_command(const std::string& script,
                                    std::chrono::milliseconds deadline = test::kPatience) {
        return test::make_command_backend(folder, ca, script, deadline)
            ->issuer()
            .issue(wanted.request());
    }
    std::string fault_of(const Certificate& leaf) const {
        return fault_of_issued(leaf, wanted.request(), *Certificate::from_handle(ca.certificate()),
                               system_clock().now())
            .value_or("");
    }
};

Answer with(int status, const std::string& type, const std::string& body) {
    return [=](const http::Request&) { return http::Response{status, type, body, {}}; };
}

std::string cfssl_error(int code) {
    return R"({"success":false,"result":null,"errors":[{"code":)" + std::to_string(code) +
           R"(,"message":"no such thing\nnever"}],"messages":[]})";
}

void set_extension(X509& certificate, int nid, const char* value) {
    const int place = ::X509_get_ext_by_NID(&certificate, nid, -1);
    if (place >= 0) ::X509_EXTENSION_free(::X509_delete_ext(&certificate, place));
    const X509ExtensionPtr extension(::X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
    REQUIRE(extension);
    ::X509_add_ext(&certificate, extension.get(), -1);
}

}  // namespace

TEST_CASE("a CA that cannot be understood could not be asked") {
    Setting setting;
    const auto [status, body] = GENERATE(table<int, std::string>({
        {500, "oops"},
        {503, ""},
        {200, ""},
        {200, "<html>a proxy</html>"},
        {200, "bm90IGEgY2VydGlmaWNhdGU="},
        {401, "who are you"},
        {404, "nothing here"},
        {302, ""},
    }));
    CAPTURE(status, body);
    const auto est = setting.ask_est(with(status, "text/plain", body));
    REQUIRE_FALSE(est);
    CHECK(est.error().code == ErrorCode::unavailable);
    const auto cfssl = setting.ask_cfssl(with(status, "text/plain", body));
    REQUIRE_FALSE(cfssl);
    CHECK(cfssl.error().code == ErrorCode::unavailable);
}

TEST_CASE("a CA's refusal is told from its being unable") {
    Setting setting;
    const auto est = setting.ask_est(with(400, "text/plain", "subject not allowed\nsecond line"));
    REQUIRE(est);
    CHECK(est->state == IssueState::refused);
    CHECK(est->text == "EST: HTTP status 400 subject not allowed");
    for (const int code : {5200, 9001}) {
        const auto answer = setting.ask_cfssl(with(400, "application/json", cfssl_error(code)));
        REQUIRE(answer);
        CHECK(answer->state == IssueState::refused);
        CHECK(answer->text == "cfssl: " + std::to_string(code) + " no such thing");
    }
    for (const int code : {400, 405, 1000, 7100}) {  // a wrong token, a wrong method, its own key
        const auto answer = setting.ask_cfssl(with(400, "application/json", cfssl_error(code)));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().code == ErrorCode::unavailable);
    }
}

TEST_CASE("JSON of any shape is no certificate") {
    Setting setting;
    const std::string body = GENERATE(
        as<std::string>{}, "[]", "{}", R"({"success":"yes"})", R"({"success":true})",
        R"({"success":true,"result":[]})", R"({"success":true,"result":{"certificate":7}})",
        R"({"success":true,"result":{"certificate":"-----BEGIN"}})", R"({"success":false})",
        R"({"success":false,"errors":[]})", R"({"success":false,"errors":[7]})",
        R"({"success":false,"errors":[{"code":"5200","message":"x"}]})");
    CAPTURE(body);
    const auto answer = setting.ask_cfssl(with(200, "application/json", body));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::unavailable);
}

TEST_CASE("an EST server may hold a request") {
    Setting setting;
    const auto answer = setting.ask_est(with(202, "", ""));
    REQUIRE(answer);
    CHECK(answer->state == IssueState::pending);
}

TEST_CASE("EST is asked as RFC 7030 has it, renewals at simplereenroll") {
    Setting setting;
    std::vector<std::string> paths;
    bool named_client = true;
    const auto backend = test::make_est_backend(
        setting.folder, setting.ca, [&](const http::Request& request, const http::Peer& peer) {
            paths.push_back(request.path);
            named_client = named_client && peer.certificate != nullptr;
            const auto csr = from_base64(request.body);
            return http::Response{
                200,
                "application/pkcs7-mime",
                test::est_body({*Certificate::from_handle(setting.ca.certificate()),
                                test::sign_request(setting.ca, *csr)}),
                {}};
        });
    for (const bool renewal : {false, true}) {
        const auto answer = backend->issuer().issue(setting.wanted.request(renewal));
        REQUIRE(answer);
        CHECK(setting.fault_of(answer->certificates.front()).empty());  // found behind the CA's
    }
    CHECK(paths == std::vector<std::string>{"/.well-known/est/simpleenroll",
                                            "/.well-known/est/simplereenroll"});
    CHECK(named_client);
}

TEST_CASE("cfssl gets a request under the shared key, without the device's challenge in clear") {
    Setting setting;
    nlohmann::json outer;
    REQUIRE_FALSE(setting.ask_cfssl([&](const http::Request& request) {
        CHECK(request.path == "/api/v1/cfssl/authsign");
        outer = nlohmann::json::parse(request.body);
        return http::Response{500, "", "", {}};
    }));
    const auto inner = from_base64(outer.at("request").get<std::string>());
    const auto token = from_base64(outer.at("token").get<std::string>());
    const Bytes key = *from_hex("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned int size = 0;
    ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()), inner->data(), inner->size(),
           mac.data(), &size);
    CHECK(*token == Bytes(mac.begin(), mac.begin() + size));
    const auto order = nlohmann::json::parse(as_text(*inner));
    CHECK(order.at("hosts") == nlohmann::json{"alice@example.org", "alice.example.org"});
    CHECK_FALSE(order.contains("subject"));  // the request's own is the same
    CHECK(as_text(*inner).find("secret challenge") == std::string_view::npos);
}

TEST_CASE("what cfssl has no word for is refused before it is asked") {
    Setting setting;
    CertificateContents& contents = setting.wanted.contents;
    SECTION("a user principal name") {
        contents.subject_alt_names = {{SubjectAltNameType::upn, "alice@example.org"}};
    }
    SECTION("a security identifier") { contents.security_identifier = "S-1-5-21-1-2-3-4"; }
    SECTION("a domain component") { contents.subject = "CN=alice,DC=example"; }
    const auto answer = setting.ask_cfssl([](const http::Request&) -> http::Response {
        FAIL_CHECK("asked");
        return {500, "", "", {}};
    });
    REQUIRE(answer);
    CHECK(answer->state == IssueState::refused);
    CHECK(answer->text.starts_with("cfssl cannot certify"));
}

TEST_CASE("a slow or absent CA costs no more than the deadline") {
    Setting setting;
    constexpr std::chrono::milliseconds kShort{1000};
    const auto slow = [](const http::Request&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        return http::Response{500, "", "", {}};
    };
    const auto begun = std::chrono::steady_clock::now();
    const auto est = setting.ask_est(slow, kShort);
    REQUIRE_FALSE(est);
    CHECK(est.error().code == ErrorCode::timeout);
    const auto cfssl = setting.ask_cfssl(slow, kShort);
    REQUIRE_FALSE(cfssl);
    CHECK(cfssl.error().code == ErrorCode::timeout);
    const auto command = setting.ask_command("sleep 600 & sleep 600", kShort);
    REQUIRE_FALSE(command);
    CHECK(command.error().code == ErrorCode::timeout);
    CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30));
}

TEST_CASE("a command's exit code is its answer") {
    Setting setting;
    const auto refused = setting.ask_command("echo 'not this one' >&2; echo more >&2; exit 4");
    REQUIRE(refused);
    CHECK(refused->state == IssueState::refused);
    CHECK(refused->text == "not this one");
    const auto held = setting.ask_command("exit 5");
    REQUIRE(held);
    CHECK(held->state == IssueState::pending);
    const std::string other = GENERATE(as<std::string>{}, "exit 1", "exit 77", "kill -9 $$",
                                       "echo no certificate", "true", "exec yes");
    CAPTURE(other);
    const auto failed = setting.ask_command(other);
    REQUIRE_FALSE(failed);
    CHECK((failed.error().code == ErrorCode::unavailable ||
           failed.error().code == ErrorCode::too_large));
}

TEST_CASE("a command gets the request and the verdict, and nothing else of ours") {
    Setting setting;
    ::setenv("NDES_TEST_SECRET", "of the server", 1);
    const auto seen = setting.folder.path() / "seen";
    REQUIRE_FALSE(setting.ask_command("{ env; echo ---; cat; ls /proc/self/fd; } >" +
                                      seen.string() + "; exit 1"));
    std::stringstream text;
    text << std::ifstream(seen).rdbuf();
    CHECK(text.str().find("NDES_TEST_SECRET") == std::string::npos);
    CHECK(text.str().find("NDES_REQUEST_KIND=initial") != std::string::npos);
    CHECK(text.str().find("NDES_TRANSACTION_ID=transaction-1") != std::string::npos);
    CHECK(text.str().find(R"("subject":"CN=alice,OU=Sales,O=Example")") != std::string::npos);
    CHECK(text.str().find("-----BEGIN CERTIFICATE REQUEST-----") != std::string::npos);
    CHECK(text.str().find("\n5\n") == std::string::npos);  // 0 to 2, and ls' own
}

TEST_CASE("a command's left-overs are gone with it") {
    Setting setting;
    const auto mark = setting.folder.path() / "mark";
    REQUIRE_FALSE(setting.ask_command("(for i in 1 2 3 4 5 6 7 8; do /bin/sleep 0.1; done; touch " +
                                      mark.string() + ") & exit 1"));
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));
    CHECK_FALSE(std::filesystem::exists(mark));
}

TEST_CASE("a certificate that is not the one asked for is told by what is wrong with it") {
    Setting setting;
    const auto other_key = test::make_rsa_key();
    const auto sign = [&](const std::function<void(X509&)>& twist) {
        return test::sign_request(setting.ca, setting.wanted.csr.der, twist);
    };
    CHECK(setting.fault_of(sign(nullptr)).empty());
    CHECK(setting.fault_of(sign([&](X509& leaf) { ::X509_set_pubkey(&leaf, other_key.get()); })) ==
          "for another public key");
    CHECK(setting.fault_of(sign([](X509& leaf) {
        const auto name = DistinguishedName::from_text("CN=bob,OU=Sales,O=Example");
        ::X509_set_subject_name(&leaf, name->to_x509()->get());
    })) == "for another subject: CN=bob,OU=Sales,O=Example");
    CHECK(setting.fault_of(sign([](X509& leaf) {
        set_extension(leaf, NID_subject_alt_name,
                      "email:alice@example.org,DNS:alice.example.org,DNS:admin.example.org");
    })) == "with other alternative names");
    CHECK(setting
              .fault_of(sign(
                  [](X509& leaf) { set_extension(leaf, NID_subject_alt_name, "RID:1.2.3.4"); }))
              .starts_with("with an extension that cannot be read"));
    CHECK(setting.fault_of(sign([](X509& leaf) {
        set_extension(leaf, NID_key_usage, "digitalSignature,keyEncipherment,nonRepudiation");
    })) == "with other key usages");
    CHECK(setting.fault_of(sign([](X509& leaf) {
        set_extension(leaf, NID_ext_key_usage, "clientAuth,codeSigning");
    })) == "with other extended key usages");
    CHECK(setting.fault_of(sign([](X509& leaf) {
        set_extension(leaf, NID_basic_constraints, "critical,CA:TRUE");
    })) == "for a CA");
    CHECK(setting
              .fault_of(sign([](X509& leaf) {
                  ::X509_gmtime_adj(X509_getm_notAfter(&leaf), 10L * 24 * 3600);
              }))
              .starts_with("that is valid longer than asked for"));
    CHECK(setting.fault_of(sign([](X509& leaf) {
        ::X509_gmtime_adj(X509_getm_notBefore(&leaf), 3600);
    })) == "that is not valid now");
    TestCa other(setting.folder, "Issuing CA");
    CHECK(setting.fault_of(test::sign_request(other, setting.wanted.csr.der)) ==
          "that is not signed by the CA of [issuer]");
}

TEST_CASE("where the verdict names no usage the CA may narrow, and never to a CA's") {
    Setting setting;
    setting.wanted.contents.key_usage.clear();
    setting.wanted.contents.extended_key_usage.clear();
    const auto sign = [&](const char* usage) {
        return setting.fault_of(
            test::sign_request(setting.ca, setting.wanted.csr.der,
                               [&](X509& leaf) { set_extension(leaf, NID_key_usage, usage); }));
    };
    CHECK(sign("digitalSignature").empty());
    CHECK(sign("digitalSignature,keyCertSign") == "with other key usages");
}
