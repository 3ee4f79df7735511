#include "tests/unit/crp_http/api_lab.h"

#include "common/http_server/url.h"
#include "tests/catch.h"
#include "tests/support/openapi_check.h"
#include "tests/support/scep_client.h"

namespace ndes::test {

namespace {

using crp::Role;

crp::CallerRule rule(const std::string& name, Role role, const Certificate& certificate) {
    crp::CallerRule made;
    made.name = name;
    made.roles.add(role);
    made.spki_sha256 = {certificate.spki_sha256()};
    made.may_generate_challenges = name == "ndes";
    return made;
}

constexpr std::pair<const char*, Role> kCallers[] = {
    {"ndes", Role::ndes}, {"ndes-2", Role::ndes}, {"mdm", Role::mdm},
    {"mdm-2", Role::mdm}, {"admin", Role::admin}, {"monitor", Role::monitor}};

}  // namespace

std::string reason_of(const http::Response& response) {
    if (response.content_type != "application/problem+json") return {};
    return parse_json(response.body).value()["reason"].get<std::string>();
}

Json json_of(const http::Response& response) {
    auto json = parse_json(response.body, response.body.size());
    return json ? *json : Json();
}

std::string header_of(const http::Response& response, const std::string& name) {
    for (const auto& [known, value] : response.headers) {
        if (known == name) return value;
    }
    return {};
}

ApiLab::ApiLab()
    : ca_(folder_, "Lab CA"),
      device_key_(make_ec_key()),
      parts(nullptr),
      api(parts, store, clock, random, log) {
    for (const char* name : {"ndes", "ndes-2", "mdm", "mdm-2", "admin", "monitor", "stranger"}) {
        LeafProfile profile;
        profile.common_name = name;
        profile.extended_key_usage = "clientAuth";
        const Identity identity = ca_.issue(profile);
        certificates_[name] = std::make_shared<const Certificate>(
            Certificate::from_handle(identity.certificate.get()).value());
    }
    // Some time within the certificates' validity.
    clock.set(certificates_.at("ndes")->not_before() + std::chrono::hours(2));
    parts.replace(parts_without("nobody"));
}

std::vector<crp::CallerRule> ApiLab::rules() const {
    std::vector<crp::CallerRule> all;
    for (const auto& [name, role] : kCallers)
        all.push_back(rule(name, role, *certificates_.at(name)));
    return all;
}

std::shared_ptr<const crp::LiveParts> ApiLab::parts_without(const std::string& caller) {
    std::vector<crp::CallerRule> others = rules();
    std::erase_if(others, [&](const crp::CallerRule& one) { return one.name == caller; });
    return make_parts(std::move(others));
}

std::shared_ptr<crp::LiveParts> ApiLab::make_parts(std::vector<crp::CallerRule> rules) {
    std::vector<crp::ChallengeKey> keys;
    keys.push_back({"k1", Secret(Bytes(32, 7))});
    std::vector<crp::ChallengeKey> peppers;
    peppers.push_back({"p1", Secret(Bytes(16, 9))});
    auto codec = std::make_unique<const crp::ChallengeCodec>(std::move(keys), std::move(peppers));
    auto verify = std::make_unique<crp::VerifyService>(store, *codec, clock, random, log,
                                                       crp::ValidationOptions{});
    auto challenges = std::make_unique<crp::ChallengeService>(
        store, *codec, clock, random,
        crp::ScepServerFacts{"http://scep.example.org/certsrv/mscep/mscep.dll",
                             std::string(40, 'A')});
    return std::make_shared<crp::LiveParts>(crp::LiveParts{crp::CallerList(std::move(rules)),
                                                           std::move(codec), std::move(verify),
                                                           std::move(challenges)});
}

http::Peer ApiLab::peer(const std::string& caller) const {
    http::Peer made;
    made.address = "192.0.2.1";
    made.certificate = certificates_.at(caller);
    return made;
}

http::Response ApiLab::call(const std::string& caller, const std::string& method,
                            const std::string& target, const std::string& body,
                            const Headers& headers) {
    return call(peer(caller), method, target, body, headers);
}

http::Response ApiLab::call(const http::Peer& peer, const std::string& method,
                            const std::string& target, const std::string& body,
                            const Headers& headers) {
    http::Request request;
    request.method = method;
    request.target = target;
    const std::size_t mark = target.find('?');
    request.path = http::percent_decode(target.substr(0, mark)).value();
    request.query = mark == std::string::npos ? "" : target.substr(mark + 1);
    request.headers = headers;
    request.body = body;
    http::Response response = api.handle(request, peer);
    CHECK(OpenApiCheck::of_this_build().fault_in({method, target, response.status,
                                                  response.content_type, response.headers,
                                                  response.body}) == "");
    return response;
}

void ApiLab::make_records() {
    call("mdm", "PUT", "/api/v1/users/alice",
         R"({"userPrincipalName":"alice@example.org","groups":["staff"]})");
    call("mdm", "PUT", "/api/v1/devices/phone-1", R"({"name":"phone-1","ownerUserId":"alice"})");
    call("mdm", "PUT", "/api/v1/policies/wifi",
         R"({"certificateRequestId":"ModelName=1;Version=1;Hash=1","template":"Phones",
             "subjectFormat":"CN={{UserPrincipalName}}","keyType":"EC",
             "keyUsage":["digitalSignature"],"extendedKeyUsage":["1.3.6.1.5.5.7.3.2"],
             "assignments":{"users":["alice"]}})");
    call("mdm", "PUT", "/api/v1/templates/Phones",
         R"({"permissions":[{"principal":"*","read":true,"enroll":true}]})");
}

std::string ApiLab::new_challenge() {
    return json_of(call("mdm", "POST", "/api/v1/challenges",
                        R"({"deviceId":"phone-1","userId":"alice","policyId":"wifi"})"))
        .at("challenge")
        .get<std::string>();
}

Json ApiLab::verify_body(const std::string& challenge, const std::string& transaction_id,
                         const std::string& request_id) {
    CsrOptions options;
    options.subject = "CN=alice@example.org";
    options.challenge = challenge;
    return {{"transactionId", transaction_id},
            {"requestId", request_id},
            {"certificateRequest", to_base64(make_csr(device_key_.get(), options))},
            {"signingCertificate", nullptr},
            {"template", "Phones"},
            {"caName", ""},
            {"deviceAddress", "198.51.100.7"}};
}

Json ApiLab::notify_body(const std::string& transaction_id, const std::string& request_id) {
    const X509Ptr issued = ca_.certify(device_key_.get(), LeafProfile{});
    const Certificate certificate = Certificate::from_handle(issued.get()).value();
    return {{"transactionId", transaction_id},
            {"requestId", request_id},
            {"challenge", nullptr},
            {"disposition", 0},
            {"hResult", 0},
            {"certificate", to_base64(certificate.der())}};
}

std::vector<crp::AuditRecord> ApiLab::audit() {
    return store.list_audit({{}, 1000, {}}).value().items;
}

}  // namespace ndes::test
