#include "crp-service/validation/expected_contents.h"

#include "crp-service/validation/reasons.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/samples.h"

using namespace ndes;
using namespace ndes::crp;

namespace {

ExpectedContents subject_for(const std::string& format, User user = test::sample_user(),
                             Device device = test::sample_device()) {
    Policy policy = test::sample_policy();
    policy.subject_format = format;
    return expected_contents(policy, device, &user, {});
}

}  // namespace

TEST_CASE("variables take their values from user and device") {
    struct Case {
        const char* format;
        const char* subject;
    };
    const std::vector<Case> cases{
        {"CN={{UserName}}", "CN=alice"},
        {"CN={{UserPrincipalName}}", "CN=alice@example.org"},
        {"CN={{EmailAddress}}", "CN=alice@mail.example.org"},
        {"CN={{DisplayName}}", "CN=Alice"},
        {"CN={{OnPremisesSecurityIdentifier}}", "CN=S-1-5-21-1-2-3-1001"},
        {"CN={{DeviceId}}", "CN=phone-1"},
        {"CN={{AAD_Device_ID}}", "CN=phone-1"},
        {"CN={{DeviceName}}", "CN=phone-1.example.org"},
        {"CN={{SerialNumber}}", "CN=SN0001"},
        {"CN={{SERIALNUMBER}}", "CN=SN0001"},
        {"CN={{Device_Serial}}", "CN=SN0001"},
        {"CN={{IMEI}}", "CN=490154203237518"},
        {"CN={{IMEINumber}}", "CN=490154203237518"},
        {"CN={{Device_IMEI}}", "CN=490154203237518"},
        {"CN={{UserName}}-{{SerialNumber}},OU=a {{DeviceId}} b", "CN=alice-SN0001,OU=a phone-1 b"},
        {"CN=fixed", "CN=fixed"},
        {"CN=half {{ open", "CN=half {{ open"},
    };
    for (const Case& c : cases) {
        INFO(c.format);
        const ExpectedContents expected = subject_for(c.format);
        CHECK(expected.detail == "");
        CHECK(expected.contents.subject == c.subject);
    }
}

TEST_CASE("a value is escaped, so that it cannot become a name of its own") {
    User user = test::sample_user();
    user.display_name = R"(Test User (TEST, LLC)+OU=x;"\#)";
    const ExpectedContents expected = subject_for("CN={{DisplayName}},O=Example", user);
    REQUIRE(expected.reason.empty());
    REQUIRE(expected.subject.names().size() == 2);
    CHECK(expected.subject.names()[1] == RelativeName{{"2.5.4.3", user.display_name}});
}

TEST_CASE("a value that looks like a variable stays text") {
    User user = test::sample_user();
    user.display_name = "{{DeviceId}}";
    const ExpectedContents expected = subject_for("CN={{DisplayName}}", user);
    CHECK(expected.reason.empty());
    CHECK(expected.subject.names().front() == RelativeName{{"2.5.4.3", "{{DeviceId}}"}});
}

TEST_CASE("what cannot be expanded is refused by name") {
    Policy policy = test::sample_policy();
    Device device = test::sample_device();
    User user = test::sample_user();
    const User* who = &user;
    ExpectedOverrides overrides;
    std::string reason;
    std::string named;
    SECTION("unknown in the subject") {
        policy.subject_format = "CN={{NoSuch}}";
        reason = "VariableUnknown";
        named = "{{NoSuch}}";
    }
    SECTION("unknown in a SAN") {
        policy.subject_alt_names = {{SubjectAltNameType::upn, "{{Upn}}"}};
        reason = "VariableUnknown";
        named = "{{Upn}}";
    }
    SECTION("no value in the subject") {
        device.imei.clear();
        policy.subject_format = "CN={{IMEI}}";
        reason = "VariableWithoutValue";
        named = "{{IMEI}}";
    }
    SECTION("no value in a SAN") {
        device.name.clear();
        reason = "VariableWithoutValue";
        named = "{{DeviceName}}";
    }
    SECTION("no user") {
        who = nullptr;
        reason = "VariableWithoutValue";
        named = "{{UserPrincipalName}}";
    }
    SECTION("the subject is not a name") {
        policy.subject_format = "no equals sign";
        reason = "ExpectedContentsInvalid";
        named = "subject";
    }
    SECTION("the override is not a name") {
        overrides.subject = "=";
        reason = "ExpectedContentsInvalid";
        named = "subject";
    }
    SECTION("a SAN that its type cannot hold") {
        overrides.subject_alt_names = {{SubjectAltNameType::ip, "not an address"}};
        reason = "ExpectedContentsInvalid";
        named = "alternative names";
    }
    SECTION("nothing to name") {
        policy.subject_format.clear();
        policy.subject_alt_names.clear();
        reason = "ExpectedContentsInvalid";
        named = "neither a subject";
    }
    SECTION("no validity") {
        overrides.validity_days = 0;
        reason = "ExpectedContentsInvalid";
        named = "validity";
    }
    const ExpectedContents expected = expected_contents(policy, device, who, overrides);
    CHECK(expected.reason == reason);
    CHECK(expected.detail.find(named) != std::string::npos);
    CHECK(find_reason(expected.reason) != nullptr);
}

TEST_CASE("a challenge's overrides come before the policy") {
    ExpectedOverrides overrides;
    overrides.subject = "CN={{DeviceId}},O=x";  // already expanded: this is text
    overrides.subject_alt_names = {{SubjectAltNameType::ip, "192.0.2.1"}};
    overrides.key_usage = {
        {KeyUsage::key_agreement, KeyUsage::digital_signature, KeyUsage::digital_signature}};
    overrides.extended_key_usage = {{test::kServerAuth}};
    overrides.validity_days = 7;
    const User user = test::sample_user();
    const ExpectedContents expected =
        expected_contents(test::sample_policy(), test::sample_device(), &user, overrides);
    REQUIRE(expected.reason.empty());
    CHECK(expected.contents.subject == "CN={{DeviceId}},O=x");
    CHECK(expected.contents.subject_alt_names == *overrides.subject_alt_names);
    CHECK(expected.contents.key_usage ==
          std::vector{KeyUsage::digital_signature, KeyUsage::key_agreement});
    CHECK(expected.contents.extended_key_usage == std::vector<std::string>{test::kServerAuth});
    CHECK(expected.contents.validity_days == 7);
    CHECK(expected.contents.template_name == "GeneralPurpose");
}

TEST_CASE("without overrides the policy says everything") {
    const User user = test::sample_user();
    const ExpectedContents expected =
        expected_contents(test::sample_policy(), test::sample_device(), &user, {});
    REQUIRE(expected.reason.empty());
    CHECK(expected.contents ==
          CertificateContents{"CN=alice@example.org,O=Example",
                              {{SubjectAltNameType::dns, "phone-1.example.org"}},
                              {KeyUsage::digital_signature, KeyUsage::key_encipherment},
                              {test::kClientAuth},
                              365,
                              "GeneralPurpose"});
}

TEST_CASE("a policy can ask for the user's security identifier as extension") {
    Policy policy = test::sample_policy();
    User user = test::sample_user();
    CHECK(expected_contents(policy, test::sample_device(), &user, {})
              .contents.security_identifier.empty());
    policy.security_identifier_extension = true;
    CHECK(
        expected_contents(policy, test::sample_device(), &user, {}).contents.security_identifier ==
        test::kSid);
    user.security_identifier.clear();
    CHECK(expected_contents(policy, test::sample_device(), &user, {}).reason ==
          "VariableWithoutValue");
    CHECK(expected_contents(policy, test::sample_device(), nullptr, {}).reason ==
          "VariableWithoutValue");
}

TEST_CASE("a policy's variables can be checked when it is posted") {
    std::string unknown;
    CHECK(has_known_variables("CN={{UserName}},OU={{deviceid}}", unknown));
    CHECK(has_known_variables("CN=fixed {{", unknown));
    CHECK_FALSE(has_known_variables("CN={{UserName}},OU={{Nope}}", unknown));
    CHECK(unknown == "Nope");
}
