#include "tests/unit/adapters/adapter_lab.h"

#include "common/crypto/certificate_facts.h"
#include "common/crypto/digest.h"
#include "common/http_server/url.h"
#include "crp-service/adapters/intune_access.h"
#include "tests/support/scep_client.h"

namespace ndes::test {

namespace {

const Bytes kWebhookKey(32, 0x5a);

crp::CallerRule adapter_caller(const std::string& adapter, crp::Role role, const std::string& id) {
    crp::CallerRule rule;
    rule.name = adapter + "-caller";
    rule.roles.add(role);
    rule.adapter = adapter;
    if (role == crp::Role::ndes) rule.templates = {"Phones"};
    rule.credentials.push_back({id, {}});
    return rule;
}

crp::Credential credential(const std::string& adapter, const std::string& id, Secret secret) {
    crp::Credential made{adapter, id, adapter + "-caller", {}};
    made.secrets.push_back(std::move(secret));
    return made;
}

std::shared_ptr<crp::Adapter> intune_settings() {
    auto settings = std::make_shared<crp::Intune>();
    settings->tenant = "contoso.example";
    settings->base_url = "https://crp.example.org:8443";
    settings->token_keys.push_back(Secret(Bytes(32, 0x11)));
    return settings;
}

std::string basic(const std::string& name, const std::string& password) {
    return "Basic " + to_base64(as_bytes(name + ":" + password));
}

}  // namespace

AdapterLab::AdapterLab() { parts.replace(adapter_parts()); }

std::shared_ptr<crp::LiveParts> AdapterLab::adapter_parts() {
    std::vector<crp::CallerRule> all = rules();
    all.push_back(adapter_caller("step_ca", crp::Role::ndes, kWebhookId));
    all.push_back(adapter_caller("intune", crp::Role::ndes, kClientId));
    all.push_back(adapter_caller("mdm_webhook", crp::Role::mdm, kMdmUser));
    auto made = make_parts(std::move(all));
    made->adapters.emplace("step_ca", std::make_shared<crp::Adapter>());
    made->adapters.emplace("intune", intune_settings());
    made->adapters.emplace("mdm_webhook", std::make_shared<crp::Adapter>());
    std::vector<crp::Credential> credentials;
    credentials.push_back(credential("step_ca", kWebhookId, Secret(Bytes(kWebhookKey))));
    credentials.push_back(credential("intune", kClientId, Secret(std::string_view(kClientSecret))));
    credentials.push_back(
        credential("mdm_webhook", kMdmUser, Secret(std::string_view(kMdmPassword))));
    made->credentials = crp::Credentials(std::move(credentials));
    return made;
}

http::Peer AdapterLab::bare_peer() {
    http::Peer made;
    made.address = "192.0.2.9";
    made.tls = "TLSv1.3 TLS_AES_256_GCM_SHA384";
    return made;
}

void AdapterLab::make_shared_records() {
    call("admin", "PUT", "/api/v1/users/alice",
         R"({"userPrincipalName":"alice@example.org","groups":["staff"]})");
    for (const char* id : {"SN0001", "SN0002"}) {
        call("admin", "PUT", std::string("/api/v1/devices/") + id,
             R"({"name":"phone-1","ownerUserId":"alice"})");
    }
    call("admin", "PUT", "/api/v1/policies/wifi",
         R"({"certificateRequestId":"ModelName=1;Version=1;Hash=1","template":"Phones",
                 "subjectFormat":"CN={{UserPrincipalName}}","keyType":"EC",
                 "keyUsage":["digitalSignature"],"extendedKeyUsage":["1.3.6.1.5.5.7.3.2"],
                 "assignments":{"users":["alice"]}})");
    call("admin", "PUT", "/api/v1/templates/Phones",
         R"({"permissions":[{"principal":"*","read":true,"enroll":true}]})");
}

Bytes AdapterLab::request(const std::string& challenge, const std::string& subject, EVP_PKEY* key) {
    CsrOptions options;
    options.subject = subject;
    options.challenge = challenge;
    return make_csr(key != nullptr ? key : device_key_.get(), options);
}

Bytes AdapterLab::certificate() {
    LeafProfile as_verified;
    as_verified.common_name = "alice@example.org";
    as_verified.subject_alt_name.clear();
    as_verified.extended_key_usage = "clientAuth";
    const X509Ptr issued = ca_.certify(device_key_.get(), as_verified);
    return Certificate::from_handle(issued.get()).value().der();
}

std::string AdapterLab::step_ca_signature(const std::string& body) {
    return to_hex(hmac_sha256(kWebhookKey, as_bytes(body)));
}

http::Response AdapterLab::step_ca(const std::string& path, const std::string& body) {
    return call(bare_peer(), "POST", "/step-ca/" + path, body,
                {{"content-type", "application/json"},
                 {"x-smallstep-webhook-id", kWebhookId},
                 {"x-smallstep-signature", step_ca_signature(body)}});
}

// The fields and their order are those of step-ca's own messages.
Json AdapterLab::step_ca_question(const Bytes& csr, const std::string& challenge,
                                  const std::string& transaction_id) const {
    Json body = {{"timestamp", to_rfc3339(clock.now())},
                 {"x509CertificateRequest",
                  {{"version", 0},
                   {"subject", {{"commonName", "alice@example.org"}}},
                   {"rawSubject", "MBwxGjAYBgNVBAMMEWFsaWNlQGV4YW1wbGUub3Jn"},
                   {"dnsNames", nullptr},
                   {"emailAddresses", nullptr},
                   {"ipAddresses", nullptr},
                   {"uris", nullptr},
                   {"sans", nullptr},
                   {"extensions", nullptr},
                   {"signatureAlgorithm", "ECDSA-SHA256"},
                   {"publicKey", "AAAA"},
                   {"publicKeyAlgorithm", "ECDSA"},
                   {"raw", to_base64(csr)}}},
                 {"scepTransactionID", transaction_id}};
    if (!challenge.empty()) body["scepChallenge"] = challenge;
    return body;
}

Json AdapterLab::step_ca_notice(const std::string& transaction_id) const {
    return {{"timestamp", to_rfc3339(clock.now())}, {"scepTransactionID", transaction_id}};
}

http::Response AdapterLab::ask_token(const std::string& client_id, const std::string& secret) {
    const std::string form =
        "grant_type=client_credentials&client_id=" + http::percent_encode(client_id) +
        "&client_secret=" + http::percent_encode(secret) +
        "&scope=https%3A%2F%2Fapi.manage.microsoft.com%2F%2F.default";
    return call(bare_peer(), "POST", "/contoso.example/oauth2/v2.0/token", form,
                {{"content-type", "application/x-www-form-urlencoded"}});
}

std::string AdapterLab::token() {
    return json_of(ask_token(kClientId, kClientSecret)).at("access_token").get<std::string>();
}

http::Response AdapterLab::intune(const std::string& action, const Json& body,
                                  const std::string& request_id) {
    return call(bare_peer(), "POST", "/intune/ScepActions/" + action, body.dump(),
                {{"content-type", "application/json"},
                 {"authorization", "Bearer " + token()},
                 {"api-version", "2018-02-20"},
                 {"client-request-id", request_id}});
}

Json AdapterLab::intune_question(const Bytes& csr, const std::string& transaction_id) {
    return {{"request",
             {{"transactionId", transaction_id},
              {"certificateRequest", to_base64(csr)},
              {"callerInfo", ""}}}};
}

Json AdapterLab::intune_success(const Bytes& csr, const Bytes& certificate,
                                const std::string& transaction_id) const {
    const CertificateFacts facts = read_certificate_facts(certificate).value();
    return {{"notification",
             {{"transactionId", transaction_id},
              {"certificateRequest", to_base64(csr)},
              {"certificateThumbprint", facts.sha1},
              {"certificateSerialNumber", facts.serial},
              {"certificateExpirationDateUtc", to_rfc3339(facts.not_after)},
              {"issuingCertificateAuthority", facts.issuer},
              {"callerInfo", "ExampleCA 1.0"},
              {"caConfiguration", ""},
              {"certificateAuthority", ""}}}};
}

http::Response AdapterLab::mdm_webhook(const std::string& policy_id, const Json& body,
                                       const std::string& password) {
    return call(
        bare_peer(), "POST", "/mdm/scep-challenge/" + policy_id, body.dump(),
        {{"content-type", "application/json"}, {"authorization", basic(kMdmUser, password)}});
}

}  // namespace ndes::test
