// Who may call an adapter: what each protocol shows of its caller, together with the client
// certificate where the caller's table names one; and where such a caller may not go.
#include <algorithm>

#include "common/crypto/digest.h"
#include "tests/catch.h"
#include "tests/unit/adapters/adapter_lab.h"

using namespace ndes;
using namespace ndes::test;

namespace {

constexpr const char* kAsk = "/step-ca/scepchallenge";

bool audit_names(AdapterLab& lab, const std::string& reason) {
    const auto records = lab.audit();
    return std::any_of(records.begin(), records.end(), [&](const crp::AuditRecord& record) {
        return record.event == "call-rejected" && record.reason == reason;
    });
}

Headers signed_headers(const std::string& body) {
    return {{"x-smallstep-webhook-id", kWebhookId},
            {"x-smallstep-signature", AdapterLab::step_ca_signature(body)}};
}

// Puts parts in force in which `change` was made to step-ca's rule.
template <class Change>
void with_step_ca_rule(AdapterLab& lab, Change change) {
    auto parts = lab.adapter_parts();
    std::vector<crp::CallerRule> rules = lab.rules();
    crp::CallerRule rule = *parts->callers.named("step_ca-caller");
    change(rule);
    rules.push_back(rule);
    auto changed = lab.make_parts(std::move(rules));
    changed->adapters = parts->adapters;
    changed->credentials = std::move(parts->credentials);
    lab.parts.replace(std::move(changed));
}

}  // namespace

TEST_CASE("a webhook without, with a wrong or with a foreign signature is refused by name") {
    AdapterLab lab;
    const std::string body = R"({"scepTransactionID":"a"})";
    const std::string right = AdapterLab::step_ca_signature(body);
    std::string one_bit = right;
    one_bit[0] = one_bit[0] == '0' ? '1' : '0';
    struct Case {
        Headers headers;
        const char* reason;
    };
    const std::vector<Case> cases = {
        {{}, "WebhookSignatureMissing"},
        {{{"x-smallstep-webhook-id", kWebhookId}}, "WebhookSignatureMissing"},
        {{{"x-smallstep-signature", right}}, "WebhookSignatureMissing"},
        {{{"x-smallstep-webhook-id", kWebhookId}, {"x-smallstep-signature", one_bit}},
         "WebhookSignatureInvalid"},
        {{{"x-smallstep-webhook-id", kWebhookId}, {"x-smallstep-signature", right.substr(0, 32)}},
         "WebhookSignatureInvalid"},
        {{{"x-smallstep-webhook-id", kWebhookId}, {"x-smallstep-signature", "not hex"}},
         "WebhookSignatureInvalid"},
        {{{"x-smallstep-webhook-id", "another"}, {"x-smallstep-signature", right}},
         "WebhookSignatureInvalid"},
        {{{"x-smallstep-webhook-id", kClientId}, {"x-smallstep-signature", right}},
         "WebhookSignatureInvalid"}};
    for (const Case& one : cases) {
        const http::Response response =
            lab.call(AdapterLab::bare_peer(), "POST", kAsk, body, one.headers);
        CHECK(response.status == 403);
        CHECK(reason_of(response) == one.reason);
        CHECK(audit_names(lab, one.reason));
    }
    // The signature is over the exact body.
    const http::Response changed =
        lab.call(AdapterLab::bare_peer(), "POST", kAsk, body + " ", signed_headers(body));
    CHECK(reason_of(changed) == "WebhookSignatureInvalid");
}

TEST_CASE("a client certificate is no credential of an adapter, nor the reverse") {
    AdapterLab lab;
    CHECK(reason_of(lab.call("ndes", "POST", kAsk, "{}")) == "WebhookSignatureMissing");
    const std::string body = "{}";
    const http::Response response = lab.call(AdapterLab::bare_peer(), "POST",
                                             "/CMCertificateRegistration/Certificate/VerifyRequest",
                                             body, signed_headers(body));
    CHECK(reason_of(response) == "ClientCertificateMissing");
    const http::Response token = lab.call(AdapterLab::bare_peer(), "GET", "/api/v1/devices", "",
                                          {{"authorization", "Bearer " + lab.token()}});
    CHECK(reason_of(token) == "ClientCertificateMissing");
    // Nor does one adapter's credential open another.
    const http::Response other =
        lab.call(AdapterLab::bare_peer(), "POST", "/mdm/scep-challenge/wifi", "{}",
                 {{"authorization", "Bearer " + lab.token()}});
    CHECK(other.status == 401);
    CHECK(reason_of(other) == "CredentialsMissing");
}

TEST_CASE("a caller whose table names a certificate has to show it, beside the signature") {
    AdapterLab lab;
    const std::string pin = lab.certificate_of("ndes-2").spki_sha256();
    with_step_ca_rule(lab, [&](crp::CallerRule& rule) { rule.spki_sha256 = {pin}; });
    const std::string body = "{}";
    const auto ask = [&](const http::Peer& peer) {
        return lab.call(peer, "POST", kAsk, body, signed_headers(body));
    };
    CHECK(reason_of(ask(AdapterLab::bare_peer())) == "ClientCertificateMissing");
    CHECK(reason_of(ask(lab.peer("stranger"))) == "CallerUnknown");
    http::Peer faulty = AdapterLab::bare_peer();
    faulty.certificate_error = "certificate has expired";
    faulty.certificate_fault = ClientFault::expired;
    CHECK(reason_of(ask(faulty)) == "ClientCertificateExpired");
    CHECK(reason_of(ask(lab.peer("ndes-2"))) == "BadRequest");  // past the door
    // The certificate alone is not enough, and makes no caller of the API.
    CHECK(reason_of(lab.call("ndes-2", "POST", kAsk, body)) == "WebhookSignatureMissing");
}

TEST_CASE("an adapter's caller has its time in force and its role") {
    AdapterLab lab;
    const std::string body = "{}";
    with_step_ca_rule(lab, [&](crp::CallerRule& rule) { rule.validity.until = lab.clock.now(); });
    CHECK(reason_of(lab.call(AdapterLab::bare_peer(), "POST", kAsk, body, signed_headers(body))) ==
          "CallerNotInForce");
    with_step_ca_rule(
        lab, [&](crp::CallerRule& rule) { rule.roles = crp::RoleSet{crp::Role::monitor}; });
    CHECK(reason_of(lab.call(AdapterLab::bare_peer(), "POST", kAsk, body, signed_headers(body))) ==
          "RoleNotPermitted");
    with_step_ca_rule(lab, [&](crp::CallerRule& rule) { rule.adapter = "intune"; });
    CHECK(reason_of(lab.call(AdapterLab::bare_peer(), "POST", kAsk, body, signed_headers(body))) ==
          "CallerUnknown");
}

TEST_CASE("the paths of an adapter that is off do not exist") {
    ApiLab lab;
    const std::string target =
        GENERATE(as<std::string>{}, "/step-ca/scepchallenge", "/step-ca/notifying",
                 "/contoso.example/oauth2/v2.0/token", "/intune/ScepActions/validateRequest",
                 "/mdm/scep-challenge/wifi");
    INFO(target);
    CHECK(reason_of(lab.call(AdapterLab::bare_peer(), "POST", target, "{}")) ==
          "ClientCertificateMissing");
    CHECK(reason_of(lab.call("ndes", "POST", target, "{}")) == "PathUnknown");
    CHECK(reason_of(lab.call("ndes", "DELETE", target)) == "PathUnknown");
}

TEST_CASE("a secret that is no secret meets nothing") {
    const crp::Credential none{"step_ca", "id", "caller", {}};
    CHECK_FALSE(none.signs(as_bytes("x"), Bytes()));
    CHECK_FALSE(none.is(""));
    crp::Credential two{"step_ca", "id", "caller", {}};
    two.secrets.push_back(Secret(std::string_view("first-secret-text")));
    two.secrets.push_back(Secret(std::string_view("second-secret-text")));
    CHECK(two.is("first-secret-text"));
    CHECK(two.is("second-secret-text"));
    CHECK_FALSE(two.is("first-secret-tex"));
    CHECK_FALSE(two.is(""));
    const Bytes mac = hmac_sha256(as_bytes("second-secret-text"), as_bytes("body"));
    CHECK(two.signs(as_bytes("body"), mac));
    CHECK_FALSE(two.signs(as_bytes("body2"), mac));
}

TEST_CASE("Authorization is read by its scheme") {
    CHECK(crp::read_bearer("Bearer abc") == "abc");
    CHECK(crp::read_bearer("bearer  abc") == "abc");
    CHECK(crp::read_bearer("Bearerabc").empty());
    CHECK(crp::read_bearer("Basic abc").empty());
    CHECK(crp::read_bearer("Bearer").empty());
    const auto read = crp::read_basic("Basic " + to_base64(as_bytes("user:pass:word")));
    REQUIRE(read);
    CHECK(read->name == "user");
    CHECK(read->secret == "pass:word");
    CHECK_FALSE(crp::read_basic("Basic !!!"));
    CHECK_FALSE(crp::read_basic("Basic " + to_base64(as_bytes("no colon"))));
}
