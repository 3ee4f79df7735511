// What SCEP clients in the field send, beyond the plainest request.
#include "common/crypto/csr.h"
#include "tests/catch.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes {
namespace {

using namespace test;

CertificateRequest parsed(const CsrParts& parts) {
    auto request = parse_csr(make_csr(rsa_key(), parts));
    INFO((request ? "" : request.error().text));
    REQUIRE(request);
    CHECK(verify_self_signature(*request));
    return *std::move(request);
}

Bytes challenge(std::string_view text, std::uint8_t tag) {
    return attribute(kChallengePassword, {der_text(tag, text)});
}

TEST_CASE("requests without attributes, empty or left out") {
    CHECK_FALSE(parsed({}).challenge);
    CHECK_FALSE(parsed({.omit_attributes = true}).subject_alt_names);
}

TEST_CASE("an empty extensionRequest asks for nothing") {
    const auto request = parsed({.attributes = attribute(kExtensionRequest, {sequence({})})});
    CHECK_FALSE(request.subject_alt_names);
    CHECK_FALSE(request.key_usage);
    CHECK_FALSE(request.extended_key_usage);
}

TEST_CASE("attributes of other purposes are passed over") {
    const auto request = parsed(
        {.attributes = join({attribute("1.2.840.113549.1.9.20",  // friendlyName (certmonger)
                                       {der_text(kBmp, std::string_view("\x00\x61", 2))}),
                             attribute("1.2.840.113549.1.9.2", {der_text(kIa5, "router.example")}),
                             attribute("1.3.6.1.4.1.311.13.2.3", {der_text(kIa5, "10.0.19045.2")}),
                             challenge("secret", kPrintable)})});
    CHECK(request.challenge == "secret");
}

TEST_CASE("a challenge in every string type") {
    CHECK(parsed({.attributes = challenge("secret", kPrintable)}).challenge == "secret");
    CHECK(parsed({.attributes = challenge("secret_@&*", kPrintable)}).challenge == "secret_@&*");
    CHECK(parsed({.attributes = challenge("s\xC3\xA9", kUtf8)}).challenge == "s\xC3\xA9");
    CHECK(parsed({.attributes = challenge("s\xE9", kT61)}).challenge == "s\xC3\xA9");
    CHECK(parsed({.attributes = challenge(std::string_view("\x00s\x00\xE9", 4), kBmp)}).challenge ==
          "s\xC3\xA9");
    CHECK(parsed({.attributes = challenge("secret", kIa5)}).challenge == "secret");
    CHECK(parsed({.attributes = challenge("", kUtf8)}).challenge == "");
}

TEST_CASE("attributes in the order strongSwan writes them") {
    const Bytes san = sequence({der_text(0x82, "a-long-name-that-sorts-behind.example.com")});
    const auto request =
        parsed({.attributes =
                    join({attribute(kExtensionRequest, {sequence({extension("2.5.29.17", san)})}),
                          challenge("secret", kPrintable)})});
    CHECK(request.subject_alt_names->size() == 1);
    CHECK(request.challenge == "secret");
}

TEST_CASE("Microsoft's extensions attribute alone is read like extensionRequest") {
    const auto request = parsed(
        {.attributes = attribute(
             kMicrosoftExtensions,
             {sequence({extension("2.5.29.17", sequence({der_text(0x82, "a.example")}))})})});
    CHECK(request.subject_alt_names->front().value == "a.example");
}

TEST_CASE("an empty subject and a name with every string type") {
    CHECK(parsed({.subject = name_of({})}).subject.empty());
    const auto request =
        parsed({.subject = name_of({name_part("2.5.4.6", kPrintable, "DE"),
                                    name_part("2.5.4.10", kT61, "Caf\xE9"),
                                    name_part("2.5.4.3", kBmp, std::string_view("\x00\x61", 2)),
                                    name_part("1.2.840.113549.1.9.1", kIa5, "a@b.c")})});
    CHECK(request.subject.to_text() == "emailAddress=a@b.c,CN=a,O=Caf\xC3\xA9,C=DE");
}

}  // namespace
}  // namespace ndes
