// Sealed challenges as the `openssl` command line makes them, and as a forger would.
#include "crp-service/challenge/sealed_reader.h"

#include <chrono>
#include <functional>

#include "common/strict_json.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/sealed_workshop.h"

using namespace ndes;
using namespace ndes::crp;
using namespace std::chrono_literals;

namespace {

// One for all tests: RSA keys are slow to make.
test::SealedWorkshop& workshop() {
    static test::SealedWorkshop made;
    return made;
}

// The workshop's certificates are of now.
WallTime now() { return system_clock().now(); }
std::string claims() { return test::sample_claims(now() - 1min, now() + 1h); }

OpenedChallenge open(const std::string& text) { return workshop().reader().open(text, now()); }

void check_opens(const std::string& text, const std::string& key) {
    const OpenedChallenge opened = open(text);
    INFO(opened.reason << ": " << opened.detail);
    CHECK(opened.kind == ChallengeKind::sealed);
    CHECK(opened.reason.empty());
    REQUIRE(opened.sealed.has_value());
    CHECK(opened.owner == "mdm-1");
    CHECK(opened.key_id == key);
    CHECK(opened.claims.device_id == "phone-1");
    CHECK(opened.sealed->policy_id == "wifi");
    CHECK(opened.sealed->audience == "crp-test");
    CHECK(opened.claims.not_before == opened.sealed->issued_at);
}

std::string in_lines(const std::string& text, std::string_view line_end) {
    std::string lines;
    for (std::size_t at = 0; at < text.size(); at += 64)
        lines += text.substr(at, 64) + std::string(line_end);
    return lines;
}

}  // namespace

TEST_CASE("what the openssl command line seals opens") {
    test::SealedWorkshop& shop = workshop();
    shop.write("claims.json", claims());
    SECTION("for an RSA certificate, by each kind of listed signer") {
        check_opens(shop.seal(claims(), "crp", "mdm"), "crp");
        check_opens(shop.seal(claims(), "crp", "mdm-ec"), "crp");
        check_opens(shop.seal(claims(), "crp", "pinned"), "crp");
        check_opens(shop.seal(claims(), "crp", "issued"), "crp");
    }
    SECTION("for an EC certificate") {
        check_opens(shop.seal(claims(), "crp-ec", "mdm"), "crp-ec");
        check_opens(shop.seal(claims(), "crp-ec", "mdm-ec"), "crp-ec");
    }
    SECTION("in lines, with either line end") {
        const std::string text = shop.seal(claims());
        check_opens(in_lines(text, "\n"), "crp");
        check_opens(in_lines(text, "\r\n"), "crp");
    }
    SECTION("with AES of 128 and 192 bits, in indefinite lengths") {
        for (const char* options : {"-aes128", "-aes192", "-aes256 -stream"}) {
            INFO(options);
            shop.encrypt("claims.json", "envelope.der", "crp.pem", options);
            shop.sign("envelope.der", "sealed.der", "mdm");
            check_opens(shop.base64_of("sealed.der"), "crp");
        }
    }
    SECTION("signed in indefinite lengths, with SHA-384 or SHA-512, without the certificate") {
        for (const char* options :
             {"-md sha256 -stream", "-md sha384", "-md sha512", "-md sha256 -nocerts"}) {
            INFO(options);
            shop.encrypt("claims.json", "envelope.der", "crp.pem");
            shop.sign("envelope.der", "sealed.der", "mdm", options);
            check_opens(shop.base64_of("sealed.der"), "crp");
        }
    }
    SECTION("for several recipients, of which one is ours") {
        shop.encrypt("claims.json", "envelope.der", "elsewhere.pem crp.pem");
        shop.sign("envelope.der", "sealed.der", "mdm");
        check_opens(shop.base64_of("sealed.der"), "crp");
    }
    SECTION("longer than any posted one, also at its shortest") {
        CHECK(shop.seal(claims(), "crp-ec", "mdm-ec").size() > 2 * 255);
    }
}

TEST_CASE("what a forger or a careless MDM makes is refused with its reason") {
    test::SealedWorkshop& shop = workshop();
    struct Case {
        const char* name;
        const char* reason;
        std::function<void()> make;  // sealed.der
    };
    const auto encrypted_with = [&](const std::string& options) {
        return [&shop, options] {
            shop.encrypt("claims.json", "envelope.der", "crp.pem", options);
            shop.sign("envelope.der", "sealed.der", "mdm");
        };
    };
    const auto signed_with = [&](const std::string& options) {
        return [&shop, options] {
            shop.encrypt("claims.json", "envelope.der", "crp.pem");
            shop.sign("envelope.der", "sealed.der", "mdm", options);
        };
    };
    const std::vector<Case> cases{
        {"signed first, then encrypted", "ChallengeDecodingError",
         [&] {
             shop.sign("claims.json", "signed.der", "mdm");
             shop.encrypt("signed.der", "sealed.der", "crp.pem");
         }},
        {"signed only", "ChallengeDecryptionError",
         [&] { shop.sign("claims.json", "sealed.der", "mdm"); }},
        {"for another CRP's certificate", "ChallengeDecryptionError",
         [&] {
             shop.encrypt("claims.json", "envelope.der", "elsewhere.pem");
             shop.sign("envelope.der", "sealed.der", "mdm");
         }},
        {"by a stranger of the same CA", "SigningCertThumbprintMismatch",
         [&] {
             shop.encrypt("claims.json", "envelope.der", "crp.pem");
             shop.sign("envelope.der", "sealed.der", "stranger");
         }},
        {"by two signers", "ChallengeDecodingError",
         [&] {
             shop.encrypt("claims.json", "envelope.der", "crp.pem");
             shop.sign("envelope.der", "sealed.der", "mdm", "-signer mdm-ec.pem -inkey mdm-ec.key");
         }},
        {"by a stranger with the MDM's signature beside it", "ChallengeDecodingError",
         [&] {
             shop.encrypt("claims.json", "envelope.der", "crp.pem");
             shop.sign("envelope.der", "sealed.der", "stranger", "-signer mdm.pem -inkey mdm.key");
         }},
        {"in a stream mode (CVE-2026-34182)", "ChallengeDecryptionError",
         encrypted_with("-aes-256-ofb")},
        {"in CFB", "ChallengeDecryptionError", encrypted_with("-aes-256-cfb")},
        {"in 3DES", "ChallengeDecryptionError", encrypted_with("-des3")},
        {"in AES-GCM, as AuthEnvelopedData", "ChallengeDecryptionError",
         encrypted_with("-aes-256-gcm")},
        {"with OAEP, whose parameters OpenSSL stumbled over", "ChallengeDecryptionError",
         [&] {
             shop.encrypt("claims.json", "envelope.der",
                          "-recip crp.pem -keyopt rsa_padding_mode:oaep");
             shop.sign("envelope.der", "sealed.der", "mdm");
         }},
        {"with SHA-1", "SignatureValidationFailed", signed_with("-md sha1")},
        {"without signed attributes", "ChallengeDecodingError", signed_with("-md sha256 -noattr")},
        {"without a certificate, by a signer known by key alone", "SigningCertThumbprintMismatch",
         [&] {
             shop.encrypt("claims.json", "envelope.der", "crp.pem");
             shop.sign("envelope.der", "sealed.der", "pinned", "-md sha256 -nocerts");
         }},
        {"plain text in the envelope", "ChallengeDeserializationError",
         [&] {
             shop.write("other.txt", "phone-1 may have a certificate");
             shop.encrypt("other.txt", "envelope.der", "crp.pem");
             shop.sign("envelope.der", "sealed.der", "mdm");
         }},
        {"octets in the envelope", "ChallengeDecryptionError",
         [&] {
             shop.write("other.bin", std::string(300, '\xC0'));
             shop.encrypt("other.bin", "envelope.der", "crp.pem");
             shop.sign("envelope.der", "sealed.der", "mdm");
         }},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        shop.write("claims.json", claims());
        c.make();
        const OpenedChallenge opened = open(shop.base64_of("sealed.der"));
        INFO(opened.detail);
        CHECK(opened.reason == c.reason);
        CHECK_FALSE(opened.sealed.has_value());
        CHECK_FALSE(opened.detail.empty());
    }
}

TEST_CASE("a sealed challenge cut at any octet is refused") {
    const std::string whole = *from_base64(workshop().seal(claims())).transform([](Bytes der) {
        return std::string(as_text(der));
    });
    const SealedReader reader = workshop().reader();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const OpenedChallenge opened =
            reader.open(to_base64(as_bytes(std::string_view(whole).substr(0, size))), now());
        INFO(size);
        REQUIRE(opened.reason == "ChallengeDecodingError");
    }
}

TEST_CASE("a sealed challenge with a flipped bit is refused or says the same") {
    const Bytes whole = *from_base64(workshop().seal(claims()));
    const SealedReader reader = workshop().reader();
    const OpenedChallenge before = reader.open(to_base64(whole), now());
    REQUIRE(before.reason.empty());
    std::size_t refused = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        Bytes altered = whole;
        altered[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
        const OpenedChallenge opened = reader.open(to_base64(altered), now());
        INFO(at);
        if (!opened.reason.empty()) {
            ++refused;
            REQUIRE_FALSE(opened.sealed.has_value());
            continue;
        }
        // Octets that the signature does not cover (the set of certificates, …) mean nothing.
        REQUIRE(opened.claims.challenge_id == before.claims.challenge_id);
        REQUIRE(opened.claims.device_id == before.claims.device_id);
        REQUIRE(opened.owner == before.owner);
    }
    CHECK(refused > whole.size() / 2);
}

TEST_CASE("bombs of nesting and length are refused in no time") {
    const SealedReader reader = workshop().reader();
    Bytes nested, lengths, indefinite;
    for (int i = 0; i < 6'000; ++i) {
        nested.insert(nested.end(), {0x30, 0x80});
        indefinite.insert(indefinite.end(), {0x24, 0x80});
        lengths.insert(lengths.end(), {0x30, 0x84, 0x7F});
    }
    for (const Bytes& bomb : {nested, lengths, indefinite, Bytes(12 * 1024, 0x30),
                              Bytes(12 * 1024, 0xA0), Bytes(12 * 1024, 0xFF), Bytes(200'000, 0)}) {
        CHECK(reader.open(to_base64(bomb), now()).reason == "ChallengeDecodingError");
    }
    CHECK(reader.open(std::string(16 * 1024, '\n'), now()).reason == "ChallengeDecodingError");
}

TEST_CASE("a reader without signers refuses every sealed challenge") {
    const SealedReader none;
    CHECK(none.open(workshop().seal(claims()), now()).reason == "SigningCertThumbprintMismatch");
}

TEST_CASE("claims are strict: each fault has its reason") {
    const Json good = Json::parse(claims());
    REQUIRE(read_sealed_claims(good.dump()).has_value());
    constexpr const char* kUnreadable = "ChallengeDeserializationError";
    constexpr const char* kBadTime = "ChallengeInvalidTimestamp";
    struct Case {
        const char* field;
        Json value;  // discarded: the field is left out
        const char* reason;
    };
    const Json absent(Json::value_t::discarded);
    const std::vector<Case> cases{
        {"version", absent, kUnreadable},
        {"version", 2, kUnreadable},
        {"version", "1", kUnreadable},
        {"challengeId", absent, kUnreadable},
        {"challengeId", "short", kUnreadable},
        {"challengeId", "with a space in it", kUnreadable},
        {"challengeId", std::string(65, 'a'), kUnreadable},
        {"policyId", absent, kUnreadable},
        {"audience", absent, kUnreadable},
        {"certificateRequestId", absent, "BadCertificateRequestIdInChallenge"},
        {"certificateRequestId", "", "BadCertificateRequestIdInChallenge"},
        {"certificateRequestId", 7, "BadCertificateRequestIdInChallenge"},
        {"deviceId", absent, "BadDeviceIdInChallenge"},
        {"deviceId", "a/b", "BadDeviceIdInChallenge"},
        {"deviceId", std::string(65, 'a'), "BadDeviceIdInChallenge"},
        {"userId", "", "BadUserIdInChallenge"},
        {"userId", "a b", "BadUserIdInChallenge"},
        {"userId", false, "BadUserIdInChallenge"},
        {"issuedAt", absent, kBadTime},
        {"issuedAt", "yesterday", kBadTime},
        {"issuedAt", 1'780'000'000, kBadTime},
        {"expiresAt", absent, kBadTime},
        {"expiresAt", good["issuedAt"], kBadTime},
        {"expiresAt", to_rfc3339(now() + 31 * 24h), kBadTime},
        {"notBefore", "2020-01-01T00:00:00Z", kBadTime},
        {"notBefore", good["expiresAt"], kBadTime},
        {"expected", Json{{"subject", "no name"}}, kUnreadable},
        {"expected", Json{{"keyUsage", Json::array({"flying"})}}, kUnreadable},
        {"expected", Json{{"color", "red"}}, kUnreadable},
        {"colour", "red", kUnreadable},
    };
    for (const Case& c : cases) {
        Json changed = good;
        changed.erase(c.field);
        if (!c.value.is_discarded()) changed[c.field] = c.value;
        INFO(changed.dump());
        const auto read = read_sealed_claims(changed.dump());
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().reason == c.reason);
        CHECK_FALSE(read.error().detail.empty());
    }
    const std::string text = good.dump();
    CHECK(read_sealed_claims("{\"version\":1," + text.substr(1)).error().reason == kUnreadable);
    CHECK(read_sealed_claims(text + "{}").error().reason == kUnreadable);
    CHECK(read_sealed_claims("[" + text + "]").error().reason == kUnreadable);

    Json full = good;
    full["userId"] = nullptr;
    full["notBefore"] = to_rfc3339(now());
    full["expected"] = {{"subject", "CN=other"}, {"validityDays", 30}};
    const auto read = read_sealed_claims(full.dump());
    REQUIRE(read.has_value());
    CHECK(read->user_id.empty());
    CHECK(read->not_before > read->issued_at);
    CHECK(read->expected.subject == "CN=other");
    CHECK(read->expected.validity_days == 30);
}
