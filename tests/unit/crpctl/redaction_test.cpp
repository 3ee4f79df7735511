// No challenge, key or password passes into a support bundle, and what helps does.
#include "crp-service/cli/support_bundle/redaction.h"

#include "tests/catch.h"

using namespace ndes::crp::cli;

TEST_CASE("secrets in a text are removed, wherever they stand") {
    const std::string secret =
        GENERATE("password=MARKER-1", "password: MARKER-1", "\"challengePassword\":\"MARKER-1\"",
                 "pwd='MARKER-1 two'",
                 "Authorization: Basic MARKER1MARKER1==", "Authorization: Bearer MARKER1.MARKER1",
                 "https://user:MARKER-1@host/path", "token = MARKER-1", "api_key=MARKER-1",
                 "pkcs11:object=x?pin-value=MARKER-1", "challenge: MARKER-1",
                 "crp1.k1.MARKER-1MARKER-1", "got crp1.k1.MARKER-1_MARKER at last",
                 "MIIBMARKERMARKERMARKERMARKERMARKERMARKERMARKERMARKERMARKER==");
    CAPTURE(secret);
    const std::string masked = masked_text("before " + secret + " after\nnext\n");
    CHECK(masked.find("MARKER") == std::string::npos);
    CHECK(masked.find("[removed]") != std::string::npos);
    CHECK(masked.starts_with("before "));
    CHECK(masked.ends_with("\nnext\n"));
}

TEST_CASE("a private key goes from its first line to its last") {
    const std::string text =
        "one\n-----BEGIN EC PRIVATE KEY-----\nMARKER\nMARKER\n-----END EC PRIVATE KEY-----\ntwo\n";
    CHECK(masked_text(text) == "one\n[private key removed]\ntwo\n");
    CHECK(masked_text("x\n-----BEGIN PRIVATE KEY-----\nMARKER") == "x\n[private key removed]\n");
}

TEST_CASE("what helps is left as it is") {
    const std::string text = GENERATE(
        R"({"time":"2026-11-20T13:35:00.123Z","transaction_id":"AB12","reason":"ChallengeExpired","phase":"2"})",
        R"({"verified":false,"challenge":null,"detail":"the challenge was used"})",
        "<![LOG[VerifyRequest Finished with status False]LOG]!><time=\"13:35:00.123+00\">",
        "ChallengeUnknown", "spki_sha256 = 0123456789abcdef0123456789abcdef",
        "urls = [https://crp.example.org:8443/CMCertificateRegistration]", "PasswordMax 5");
    CAPTURE(text);
    CHECK(masked_text(text) == text);
}

TEST_CASE("a setting that is a secret is masked, a path of one is not") {
    for (const char* name : {"store.connection", "x.password", "caller[0].credential[1].secret",
                             "adapters.intune.token", "issuer.command"})
        CHECK(masked_setting(name, "MARKER") == kRemoved);
    CHECK(masked_setting("issuer.key_file", "ca/ca.key") == "ca/ca.key");
    CHECK(masked_setting("challenge.key_files", "[keys/k1.key]") == "[keys/k1.key]");
    CHECK(masked_setting("admin.password_file", "admin.users") == "admin.users");
    CHECK(masked_setting("mscep.PasswordMax", "5") == "5");
    CHECK(masked_setting("mscep.UseSinglePassword", "true") == "true");
    CHECK(masked_setting("server.listen", "127.0.0.1:8443") == "127.0.0.1:8443");
    CHECK(masked_setting("issuer.url", "https://a:MARKER@ca") == "https://[removed]@ca");
}

TEST_CASE("a very long line is cut, and takes no time") {
    const std::string masked = masked_text(std::string(300'000, 'A') + "\nlast");
    CHECK(masked.size() < 10'000);
    CHECK(masked.ends_with("\nlast"));
}
