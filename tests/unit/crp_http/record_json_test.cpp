// Users, devices, policies, templates and challenge orders as JSON: good, and one bad for each way
// to fail.
#include "crp-service/http/record_json.h"

#include "common/strict_json.h"
#include "crp-service/enrollment/policy_check.h"
#include "crp-service/http/challenge_json.h"
#include "tests/catch.h"

using namespace ndes;
using namespace ndes::crp;

namespace {

Json json(const std::string& text) { return parse_json(text).value(); }

constexpr const char* kPolicy = R"({
    "certificateRequestId": "ModelName=ScopeId_1/ConfigurationPolicy_1;Version=1;Hash=1",
    "template": "GeneralPurpose", "subjectFormat": "CN={{UserPrincipalName}},OU=Phones",
    "subjectAltNames": [{"type": "upn", "value": "{{UserPrincipalName}}"},
                        {"type": "dns", "value": "phones.example.org"}],
    "keyUsage": ["keyEncipherment", "digitalSignature"],
    "extendedKeyUsage": ["1.3.6.1.5.5.7.3.2"], "keyType": "RSA", "minimumKeySize": 3072,
    "hashAlgorithms": ["SHA256", "sha-512"], "validityDays": 90, "renewalThresholdPercent": 20,
    "challengeTtlSeconds": 600, "retryWindowSeconds": 60,
    "requireRegisteredKey": true, "securityIdentifierExtension": true,
    "assignments": {"users": ["alice"], "groups": ["staff"], "devices": ["d1"], "all": false}})";

// kPolicy with one field set to `value` (as JSON text), or taken away when that is empty.
Json policy_with(const std::string& field, const std::string& value) {
    Json body = json(kPolicy);
    if (value.empty()) {
        body.erase(field);
    } else {
        body[field] = json("[" + value + "]")[0];
    }
    return body;
}

}  // namespace

TEST_CASE("a user is read and written") {
    const auto user = user_from_json(
        json(R"({"userPrincipalName":"alice@example.org","displayName":"Alice","email":null,
                 "securityIdentifier":"S-1-5-21-1","enabled":false,"groups":["staff"]})"),
        "alice");
    REQUIRE(user);
    CHECK(user->id == "alice");
    CHECK(user->user_principal_name == "alice@example.org");
    CHECK(user->email.empty());
    CHECK_FALSE(user->enabled);
    CHECK(user->groups == std::vector<std::string>{"staff"});
    const auto again = user_from_json(to_json(*user), "alice");
    REQUIRE(again);
    CHECK(*again == *user);
}

TEST_CASE("a user may be empty, and is enabled then") {
    const auto user = user_from_json(json("{}"), "bob");
    REQUIRE(user);
    CHECK(user->enabled);
}

TEST_CASE("a device is read and written") {
    const auto device = device_from_json(
        json(R"({"deviceType":"phone","name":"p","serialNumber":"S","imei":"1","ownerUserId":null,
                 "enrollmentState":"wiped","compliant":false,"registeredKeys":[")" +
             std::string(64, 'A') + R"("]})"),
        "d1");
    REQUIRE(device);
    CHECK(device->registered_keys == std::vector<std::string>{std::string(64, 'a')});
    CHECK(device->enrollment_state == EnrollmentState::wiped);
    CHECK(device->owner_user_id.empty());
    const auto again = device_from_json(to_json(*device), "d1");
    REQUIRE(again);
    CHECK(*again == *device);
    CHECK(device_from_json(json("{}"), "d")->enrollment_state == EnrollmentState::enrolled);
}

TEST_CASE("a template is read and written") {
    const auto record = template_from_json(
        json(R"({"permissions":[{"principal":"group:staff","read":true,"enroll":true},
                                {"principal":"*"}]})"),
        "User");
    REQUIRE(record);
    REQUIRE(record->permissions.size() == 2);
    CHECK(record->permissions[0].enroll);
    CHECK_FALSE(record->permissions[1].read);
    const auto again = template_from_json(to_json(*record), "User");
    REQUIRE(again);
    CHECK(*again == *record);
}

TEST_CASE("a policy is read and written") {
    const auto policy = policy_from_json(json(kPolicy), "wifi");
    REQUIRE(policy);
    CHECK(check_policy(*policy));
    CHECK(policy->key_usage ==
          std::vector<KeyUsage>{KeyUsage::digital_signature, KeyUsage::key_encipherment});
    CHECK(policy->hash_algorithms == std::vector<std::string>{"SHA-256", "SHA-512"});
    CHECK(policy->minimum_key_size == 3072);
    CHECK(policy->require_registered_key);
    CHECK(policy->security_identifier_extension);
    CHECK(policy->assignments.groups == std::vector<std::string>{"staff"});
    const auto again = policy_from_json(to_json(*policy), "wifi");
    REQUIRE(again);
    CHECK(*again == *policy);
}

TEST_CASE("a policy has defaults") {
    const auto policy = policy_from_json(
        json(R"({"certificateRequestId":"x","template":"T","subjectFormat":"CN=a"})"), "p");
    REQUIRE(policy);
    const Policy defaults;
    CHECK(policy->key_type == PolicyKeyType::rsa);
    CHECK(policy->minimum_key_size == defaults.minimum_key_size);
    CHECK(policy->validity_days == defaults.validity_days);
    CHECK(policy->renewal_threshold_percent == defaults.renewal_threshold_percent);
    CHECK(policy->challenge_ttl_seconds == defaults.challenge_ttl_seconds);
    CHECK(policy->retry_window_seconds == defaults.retry_window_seconds);
    CHECK(policy->hash_algorithms == std::vector<std::string>{"SHA-256", "SHA-384", "SHA-512"});
    CHECK_FALSE(policy->assignments.all);
    CHECK_FALSE(policy->require_registered_key);
    CHECK_FALSE(policy->security_identifier_extension);
    CHECK(policy_from_json(policy_with("minimumKeySize", "256"), "p").has_value() == false);
    Json ec = policy_with("keyType", "\"EC\"");
    ec.erase("minimumKeySize");
    CHECK(policy_from_json(ec, "p")->minimum_key_size == 256);
}

TEST_CASE("hash names are accepted as operators write them") {
    const auto [written, meant] = GENERATE(table<std::string, std::vector<std::string>>({
        {"[\"SHA-256\"]", {"SHA-256"}},
        {"[\"sha256\"]", {"SHA-256"}},
        {"[\"SHA384\",\"SHA-384\"]", {"SHA-384"}},
        {"[\"SHA-2\"]", {"SHA-256", "SHA-384", "SHA-512"}},
        {"[\"SHA-1\",\"SHA-2\"]", {"SHA-1", "SHA-256", "SHA-384", "SHA-512"}},
    }));
    CHECK(policy_from_json(policy_with("hashAlgorithms", written), "p")->hash_algorithms == meant);
}

TEST_CASE("a bad field of a policy is refused by name") {
    struct Case {
        const char* field;
        const char* value;  // "": taken away
        const char* told;
    };
    const Case one = GENERATE(values<Case>({
        {"certificateRequestId", "", "certificateRequestId"},
        {"template", "", "template"},
        {"subjectFormat", "", "subjectFormat"},
        {"subjectFormat", "\"\"", "subjectFormat"},
        {"subjectFormat", "\"no name\"", "subjectFormat"},
        {"subjectFormat", "\"CN={{NoSuchThing}}\"", "NoSuchThing"},
        {"subjectFormat", "\"CN={{DeviceName\"", "subjectFormat"},
        {"subjectFormat", "\"CN=DeviceName}}\"", "subjectFormat"},
        {"subjectAltNames", "[{\"type\":\"dns\"}]", "subjectAltNames[0].value"},
        {"subjectAltNames", "[{\"type\":\"x400\",\"value\":\"a\"}]", "subjectAltNames[0].type"},
        {"subjectAltNames", "[{\"type\":\"dns\",\"value\":\"a\",\"x\":1}]", "subjectAltNames[0].x"},
        {"subjectAltNames", "[{\"type\":\"ip\",\"value\":\"300.1.1.1\"}]", "subjectAltNames[0]"},
        {"subjectAltNames", "[{\"type\":\"upn\",\"value\":\"{{Nobody}}\"}]", "Nobody"},
        {"subjectAltNames", "[7]", "subjectAltNames[0]"},
        {"subjectAltNames", "\"dns\"", "subjectAltNames"},
        {"keyUsage", "[\"sign\"]", "keyUsage"},
        {"keyUsage", "[\"digitalSignature\",\"digitalSignature\"]", "keyUsage"},
        {"keyUsage", "[\"keyCertSign\"]", "keyUsage"},
        {"keyUsage", "[\"cRLSign\"]", "keyUsage"},
        {"extendedKeyUsage", "[\"clientAuth\"]", "extendedKeyUsage"},
        {"extendedKeyUsage", "[\"1.2.3\",\"1.2.3\"]", "extendedKeyUsage"},
        {"keyType", "\"DSA\"", "keyType"},
        {"minimumKeySize", "1024", "minimumKeySize"},
        {"minimumKeySize", "8192", "minimumKeySize"},
        {"minimumKeySize", "\"2048\"", "minimumKeySize"},
        {"hashAlgorithms", "[\"MD5\"]", "hashAlgorithms"},
        {"validityDays", "0", "validityDays"},
        {"validityDays", "3651", "validityDays"},
        {"validityDays", "1.5", "validityDays"},
        {"renewalThresholdPercent", "0", "renewalThresholdPercent"},
        {"renewalThresholdPercent", "101", "renewalThresholdPercent"},
        {"challengeTtlSeconds", "59", "challengeTtlSeconds"},
        {"challengeTtlSeconds", "2592001", "challengeTtlSeconds"},
        {"retryWindowSeconds", "-1", "retryWindowSeconds"},
        {"requireRegisteredKey", "1", "requireRegisteredKey"},
        {"securityIdentifierExtension", "\"yes\"", "securityIdentifierExtension"},
        {"assignments", "[]", "assignments"},
        {"assignments", "{\"everyone\":true}", "assignments.everyone"},
        {"assignments", "{\"all\":\"yes\"}", "assignments.all"},
        {"id", "\"other\"", "id"},
        {"colour", "1", "colour"},
    }));
    INFO(one.field << " = " << one.value);
    auto policy = policy_from_json(policy_with(one.field, one.value), "wifi");
    Result<void> sound;
    if (policy) sound = check_policy(*policy);
    const bool refused = !policy || !sound;
    REQUIRE(refused);
    const Error error = policy ? sound.error() : policy.error();
    CHECK(error.code == ErrorCode::bad_request);
    INFO(error.text);
    CHECK(error.text.find(one.told) != std::string::npos);
}

TEST_CASE("bad records are refused by the field's name") {
    struct Case {
        const char* kind;
        const char* body;
        const char* told;
    };
    const Case one = GENERATE(values<Case>({
        {"user", "[]", "object"},
        {"user", R"({"enabled":"true"})", "enabled"},
        {"user", R"({"groups":"staff"})", "groups"},
        {"user", R"({"groups":[1]})", "groups[0]"},
        {"user", R"({"securityIdentifier":"21"})", "securityIdentifier"},
        {"user", R"({"displayName":"a\u0007b"})", "displayName"},
        {"user", R"({"password":"x"})", "password"},
        {"user", R"({"id":"bob"})", "id"},
        {"device", R"({"enrollmentState":"lost"})", "enrollmentState"},
        {"device", R"({"compliant":1})", "compliant"},
        {"device", R"({"name":5})", "name"},
        {"device", R"({"registeredKeys":"ab"})", "registeredKeys"},
        {"device", R"({"registeredKeys":["ab"]})", "registeredKeys"},
        {"device",
         R"({"registeredKeys":["zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]})",
         "registeredKeys"},
        {"device", R"({"owner":"x"})", "owner"},
        {"template", "{}", "permissions"},
        {"template", R"({"permissions":[{"read":true}]})", "permissions[0].principal"},
        {"template", R"({"permissions":[{"principal":"alice"}]})", "permissions[0].principal"},
        {"template", R"({"permissions":[{"principal":"user:"}]})", "permissions[0].principal"},
        {"template", R"({"permissions":[{"principal":"*","write":true}]})", "permissions[0].write"},
    }));
    INFO(one.kind << " " << one.body);
    const std::string kind = one.kind;
    const Json body = json(one.body);
    Result<void> read;
    if (kind == "user") read = user_from_json(body, "alice").map([](auto&&) {});
    if (kind == "device") read = device_from_json(body, "d").map([](auto&&) {});
    if (kind == "template") read = template_from_json(body, "t").map([](auto&&) {});
    REQUIRE_FALSE(read);
    CHECK(read.error().code == ErrorCode::bad_request);
    INFO(read.error().text);
    CHECK(read.error().text.find(one.told) != std::string::npos);
}

TEST_CASE("a value of more than 256 octets is refused by name") {
    const auto user = user_from_json({{"displayName", std::string(257, 'a')}}, "alice");
    REQUIRE_FALSE(user);
    CHECK(user.error().text.find("displayName") != std::string::npos);
}

TEST_CASE("challenge orders are read, one or many") {
    const auto one = challenge_orders_from_json(json(
        R"({"deviceId":"d","userId":null,"policyId":"p","ttlSeconds":600,"challenge":"S3cret-pass",
            "expected":{"subject":"CN=x","subjectAltNames":[{"type":"dns","value":"a.example"}],
                        "keyUsage":["digitalSignature"],"extendedKeyUsage":["1.2.3"],
                        "validityDays":7}})"));
    REQUIRE(one);
    CHECK_FALSE(one->is_batch);
    REQUIRE(one->orders.size() == 1);
    const ChallengeOrder& order = one->orders[0];
    CHECK(order.user_id.empty());
    CHECK(order.ttl == std::chrono::seconds(600));
    CHECK(order.posted == "S3cret-pass");
    CHECK(order.expected.subject == "CN=x");
    CHECK(order.expected.validity_days == 7);

    const auto many = challenge_orders_from_json(json(R"([{"deviceId":"a","policyId":"p"},
                 {"deviceId":"b","policyId":"p","expiresAt":"2026-12-01T00:00:00Z"}])"));
    REQUIRE(many);
    CHECK(many->is_batch);
    REQUIRE(many->orders.size() == 2);
    CHECK(many->orders[1].expires_at.has_value());
    CHECK(many->orders[1].field_prefix == "[1].");
}

TEST_CASE("bad challenge orders are refused by the field's name") {
    const auto [body, told] = GENERATE(table<std::string, std::string>({
        {"7", "object"},
        {"[]", "1 to 500"},
        {"[7]", "[0]"},
        {R"({"policyId":"p"})", "deviceId"},
        {R"({"deviceId":"d"})", "policyId"},
        {R"({"deviceId":"d","policyId":"p","ttlSeconds":59})", "ttlSeconds"},
        {R"({"deviceId":"d","policyId":"p","ttlSeconds":2592001})", "ttlSeconds"},
        {R"({"deviceId":"d","policyId":"p","expiresAt":"tomorrow"})", "expiresAt"},
        {R"({"deviceId":"d","policyId":"p","expected":{"template":"x"}})", "expected.template"},
        {R"({"deviceId":"d","policyId":"p","expected":{"validityDays":0}})",
         "expected.validityDays"},
        {R"([{"deviceId":"d","policyId":"p"},{"deviceId":"d"}])", "[1].policyId"},
        {R"([{"deviceId":"d","policyId":"p","expected":{"keyUsage":["x"]}}])",
         "[0].expected.keyUsage"},
        {R"({"deviceId":"d","policyId":"p","user":"u"})", "user"},
    }));
    INFO(body);
    const auto orders = challenge_orders_from_json(json(body));
    REQUIRE_FALSE(orders);
    INFO(orders.error().text);
    CHECK(orders.error().text.find(told) != std::string::npos);
}

TEST_CASE("a batch of more than 500 is refused") {
    Json batch = Json::array();
    for (int i = 0; i < 501; ++i)
        batch.push_back({{"deviceId", "d"}, {"policyId", "p"}});
    CHECK_FALSE(challenge_orders_from_json(batch));
    batch.erase(batch.size() - 1);
    CHECK(challenge_orders_from_json(batch));
}
