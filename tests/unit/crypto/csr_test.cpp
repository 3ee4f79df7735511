#include "common/crypto/csr.h"

#include "common/crypto/digest.h"
#include "tests/catch.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes {
namespace {

using namespace test;

const char* const kSan = "2.5.29.17";
const char* const kSecurityIdentifier = "1.3.6.1.4.1.311.25.2";

Bytes upn_san(std::string_view upn) {
    return sequence(
        {der(0xA0, join({der_oid("1.3.6.1.4.1.311.20.2.3"), der(0xA0, der_text(kUtf8, upn))}))});
}
Bytes dns_san(std::string_view name) { return sequence({der_text(0x82, name)}); }
Bytes requested(std::initializer_list<Bytes> extensions, const char* oid = kExtensionRequest) {
    return attribute(oid, {sequence(extensions)});
}
Bytes challenge(std::string_view text, std::uint8_t tag = kPrintable) {
    return attribute(kChallengePassword, {der_text(tag, text)});
}
Bytes sid_value(const char* sid) {
    return sequence(
        {der(0xA0, join({der_oid("1.3.6.1.4.1.311.25.2.1"), der(0xA0, der_text(0x04, sid))}))});
}

CertificateRequest parsed(const Bytes& encoded) {
    auto request = parse_csr(encoded);
    INFO((request ? "" : request.error().text));
    REQUIRE(request);
    return *std::move(request);
}

void check_refused(const Bytes& encoded, const std::string& cause) {
    const auto request = parse_csr(encoded);
    REQUIRE_FALSE(request);
    CHECK(request.error().code == ErrorCode::bad_request);
    INFO(request.error().text);
    CHECK(request.error().text.find(cause) != std::string::npos);
}

TEST_CASE("a request is read into facts") {
    const Bytes encoded = make_csr(
        rsa_key(),
        {.attributes =
             join({challenge("secret-42"),
                   requested({extension(kSan, sequence({der_text(0x82, "a.example"),
                                                        der(0x87, {192, 0, 2, 1})})),
                              extension("2.5.29.15", {0x03, 0x02, 0x05, 0xA0}, true),
                              extension("2.5.29.37", sequence({der_oid("1.3.6.1.5.5.7.3.2")})),
                              extension("2.5.29.19", sequence({{0x01, 0x01, 0xFF}})),
                              extension("2.5.29.14", octet_string(Bytes(20, 7))),
                              extension("1.2.3.4", {0x05, 0x00}, true),
                              extension(kSecurityIdentifier, sid_value("S-1-5-21-1"))})})});
    const CertificateRequest request = parsed(encoded);
    CHECK(request.der == encoded);
    CHECK(request.sha256 == sha256_hex(encoded));
    CHECK(request.spki == spki_of(rsa_key()));
    CHECK(request.spki_sha256 == sha256_hex(request.spki));
    CHECK(request.key.type == KeyType::rsa);
    CHECK(request.key.bits == 2048);
    CHECK(request.signature_hash == "SHA-256");
    CHECK(request.subject.to_text() == "CN=device");
    CHECK(request.challenge == "secret-42");
    CHECK(request.subject_alt_names ==
          std::vector<SubjectAltName>{{SubjectAltNameType::dns, "a.example"},
                                      {SubjectAltNameType::ip, "192.0.2.1"}});
    CHECK(request.key_usage ==
          std::vector<KeyUsage>{KeyUsage::digital_signature, KeyUsage::key_encipherment});
    CHECK(request.extended_key_usage == std::vector<std::string>{"1.3.6.1.5.5.7.3.2"});
    CHECK(request.asks_for_ca);
    CHECK(request.security_identifier == "S-1-5-21-1");
    CHECK(request.unknown_critical_extensions == std::vector<std::string>{"1.2.3.4"});
    CHECK(verify_self_signature(request));
}

TEST_CASE("all nine key usages are read") {
    const auto request = parsed(make_csr(
        rsa_key(),
        {.attributes = requested({extension("2.5.29.15", {0x03, 0x03, 0x07, 0xFF, 0x80})})}));
    REQUIRE(request.key_usage);
    CHECK(request.key_usage->size() == 9);
    CHECK(request.key_usage->back() == KeyUsage::decipher_only);
}

TEST_CASE("constructions on which parsers disagree are refused") {
    const Bytes san_user = extension(kSan, upn_san("user@example.com"));
    const Bytes san_administrator = extension(kSan, upn_san("administrator@example.com"));
    struct Case {
        const char* name;
        Bytes attributes;
        const char* cause;
    };
    const std::vector<Case> cases{
        {"two challengePassword attributes", join({challenge("one"), challenge("two")}), "twice"},
        {"one challengePassword, two values",
         attribute(kChallengePassword, {der_text(kPrintable, "one"), der_text(kPrintable, "two")}),
         "exactly one value"},
        {"two extensionRequest attributes",
         join({requested({san_user}), requested({san_administrator})}), "twice"},
        {"Microsoft's extensions and extensionRequest",
         join({requested({san_administrator}, kMicrosoftExtensions), requested({san_user})}),
         "twice"},
        {"subjectAltName twice", requested({san_user, san_administrator}), "twice"},
        {"extensionRequest with two values",
         attribute(kExtensionRequest, {sequence({san_user}), sequence({san_administrator})}),
         "exactly one value"},
        {"challenge with NUL", challenge(std::string_view("FI\0XX", 5), kUtf8), "NUL"},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        check_refused(make_csr(rsa_key(), {.attributes = c.attributes}), c.cause);
    }
    check_refused(
        make_csr(rsa_key(), {.subject = name_of({name_part("2.5.4.3", kUtf8,
                                                           std::string_view("good\0.evil", 10))})}),
        "NUL");
}

TEST_CASE("attributes and extensions that cannot be read are refused") {
    struct Case {
        const char* name;
        Bytes attributes;
        const char* cause;
    };
    std::vector<Case> cases{
        {"any attribute twice",
         join({attribute("1.2.840.113549.1.9.20", {der_text(kBmp, {})}),
               attribute("1.2.840.113549.1.9.20", {der_text(kBmp, {})})}),
         "twice"},
        {"attribute without value", attribute(kChallengePassword, {}), "exactly one value"},
        {"challenge not a string", attribute(kChallengePassword, {der_integer(1)}), "not a string"},
        {"challenge with line feed", challenge("a\nb", kIa5), "forbidden character"},
        {"challenge with right-to-left override",
         challenge("a\xE2\x80\xAE"
                   "b",
                   kUtf8),
         "forbidden character"},
        {"challenge too long", challenge(std::string(16 * 1024 + 1, 'a')), "too long"},
        {"extensionRequest not a SEQUENCE", attribute(kExtensionRequest, {der_integer(1)}),
         "not a SEQUENCE"},
        {"extensionRequest of integers", requested({der_integer(1)}), "cannot be read"},
        {"critical FALSE written out",
         requested({sequence({der_oid(kSan), {0x01, 0x01, 0x00}, octet_string(dns_san("a"))})}),
         "not DER"},
        {"subjectAltName empty", requested({extension(kSan, sequence({}))}), "empty"},
        {"subjectAltName with trailing octet",
         requested({extension(kSan, join({dns_san("a"), {0x00}}))}), "cannot be read"},
        {"subjectAltName with indefinite length",
         requested({extension(kSan, indefinite(0x30, der_text(0x82, "a")))}), "cannot be read"},
        {"subjectAltName with directoryName",
         requested({extension(kSan, sequence({der(0xA4, name_of({}))}))}), "not supported"},
        {"upn with zero width space",
         requested({extension(kSan, upn_san("a\xE2\x80\x8B"
                                            "b"))}),
         "forbidden character"},
        {"dns with NUL", requested({extension(kSan, dns_san(std::string_view("a\0b", 3)))}), "NUL"},
        {"keyUsage with a tenth bit",
         requested({extension("2.5.29.15", {0x03, 0x03, 0x06, 0x00, 0x40})}), "undefined bit"},
        {"keyUsage of three octets",
         requested({extension("2.5.29.15", {0x03, 0x04, 0x00, 0x80, 0x00, 0x01})}),
         "cannot be read"},
        {"keyUsage not a BIT STRING", requested({extension("2.5.29.15", {0x05, 0x00})}),
         "cannot be read"},
        {"extendedKeyUsage empty", requested({extension("2.5.29.37", sequence({}))}), "empty"},
        {"extendedKeyUsage twice the same",
         requested({extension("2.5.29.37", sequence({der_oid("1.2.3"), der_oid("1.2.3")}))}),
         "twice"},
        {"basicConstraints not a SEQUENCE", requested({extension("2.5.29.19", {0x05, 0x00})}),
         "cannot be read"},
        {"security identifier as directoryName",
         requested({extension(kSecurityIdentifier, sequence({der(0xA4, name_of({}))}))}),
         "security identifier"},
        {"security identifier too long",
         requested({extension(kSecurityIdentifier, sid_value(std::string(200, 'S').c_str()))}),
         "security identifier"},
    };
    Bytes names;
    for (int i = 0; i < 129; ++i)
        names = join({names, der_text(0x82, "a" + std::to_string(i))});
    cases.push_back(
        {"129 alternative names", requested({extension(kSan, der(0x30, names))}), "too many"});
    Bytes usages;
    for (int i = 0; i < 65; ++i)
        usages = join({usages, der_oid(("1.2.3." + std::to_string(i)).c_str())});
    cases.push_back({"65 extended key usages",
                     requested({extension("2.5.29.37", der(0x30, usages))}), "too many"});
    Bytes attributes;
    for (int i = 0; i < 33; ++i) {
        const std::string oid = "1.2.3." + std::to_string(i);
        attributes = join({attributes, attribute(oid.c_str(), {der_integer(1)})});
    }
    cases.push_back({"33 attributes", attributes, "too many attributes"});
    Bytes many;
    for (int i = 0; i < 33; ++i) {
        const std::string oid = "1.2.3." + std::to_string(i);
        many = join({many, extension(oid.c_str(), {0x05, 0x00})});
    }
    cases.push_back({"33 extensions", requested({many}), "too many"});
    for (const Case& c : cases) {
        INFO(c.name);
        check_refused(make_csr(rsa_key(), {.attributes = c.attributes}), c.cause);
    }
}

TEST_CASE("subjects that cannot be trusted to mean what they show are refused") {
    struct Case {
        const char* name;
        Bytes subject;
        const char* cause;
    };
    std::vector<Case> cases{
        {"control character", name_of({name_part("2.5.4.3", kUtf8, "a\x1B[2Jb")}), "forbidden"},
        {"right-to-left override",
         name_of({name_part("2.5.4.3", kUtf8,
                            "a\xE2\x80\xAE"
                            "b")}),
         "forbidden"},
        {"byte order mark",
         name_of({name_part("2.5.4.3", kUtf8,
                            "\xEF\xBB\xBF"
                            "b")}),
         "forbidden"},
        {"zero width space in BMPString",
         name_of({name_part("2.5.4.3", kBmp, std::string_view("\x20\x0B", 2))}), "forbidden"},
        {"common name of 65", name_of({name_part("2.5.4.3", kUtf8, std::string(65, 'a'))}),
         "too long"},
        {"country of 3", name_of({name_part("2.5.4.6", kPrintable, "DEU")}), "too long"},
        {"unit of 70,000", name_of({name_part("2.5.4.11", kUtf8, std::string(64'000, 'a'))}),
         "too long"},
        {"empty value", name_of({name_part("2.5.4.3", kUtf8, "")}), "empty"},
        {"a type twice in one RDN",
         name_of({set({sequence({der_oid("2.5.4.3"), der_text(kUtf8, "a")}),
                       sequence({der_oid("2.5.4.3"), der_text(kUtf8, "b")})})}),
         "twice in one RDN"},
        {"an empty RDN", name_of({set({})}), "RDN is empty"},
        {"an attribute without value", name_of({set({sequence({der_oid("2.5.4.3")})})}),
         "not readable"},
        {"an attribute with two values",
         name_of(
             {set({sequence({der_oid("2.5.4.3"), der_text(kUtf8, "a"), der_text(kUtf8, "b")})})}),
         "not readable"},
        {"an INTEGER for text", name_of({set({sequence({der_oid("2.5.4.3"), der_integer(1)})})}),
         "not readable as text"},
        {"a SEQUENCE for text", name_of({set({sequence({der_oid("2.5.4.3"), sequence({})})})}),
         "not text"},
        {"BMPString with half a pair",
         name_of({name_part("2.5.4.3", kBmp, std::string_view("\xD8\x3D", 2))}),
         "not readable as text"},
        {"BMPString of three octets",
         name_of({name_part("2.5.4.3", kBmp, std::string_view("\0a\0", 3))}), "not DER"},
        {"PrintableString with a quote", name_of({name_part("2.5.4.3", kPrintable, "a\"b")}),
         "not DER"},
        {"not UTF-8", name_of({name_part("2.5.4.3", kUtf8, "\xFF")}), "not DER"},
        {"unsorted multi-valued RDN",
         name_of({set({sequence({der_oid("2.5.4.11"), der_text(kUtf8, "b")}),
                       sequence({der_oid("2.5.4.3"), der_text(kUtf8, "a")})})}),
         "not DER"},
    };
    Bytes many;
    for (int i = 0; i < 65; ++i)
        many = join({many, name_part("2.5.4.11", kUtf8, "a")});
    cases.push_back({"65 attributes", name_of({many}), "too many"});
    for (const Case& c : cases) {
        INFO(c.name);
        check_refused(make_csr(rsa_key(), {.subject = c.subject}), c.cause);
    }
}

TEST_CASE("what is not one DER request is refused") {
    const Bytes good = make_csr(rsa_key());
    check_refused({}, "not DER");
    check_refused(join({good, {0x00}}), "not DER");
    check_refused(sequence({}), "not a PKCS#10");
    check_refused(make_certificate(rsa_key()).der(), "not a PKCS#10");
    check_refused(indefinite(0x30, Bytes(good.begin() + 4, good.end())), "not DER");
    const auto of_unknown_algorithm = parsed(make_csr(
        rsa_key(), {.spki = sequence({sequence({der_oid("1.2.3")}), {0x03, 0x01, 0x00}})}));
    CHECK(of_unknown_algorithm.key.type == KeyType::other);
    CHECK_FALSE(verify_self_signature(of_unknown_algorithm));
    check_refused(
        make_csr(rsa_key(),
                 {.spki = sequence({sequence({der_oid("1.2.3")}), {0x03, 0x02, 0x01, 0x00}})}),
        "public key");
    // RSA keys with parameters left out, and with an exponent in more octets than it needs.
    const Bytes modulus = join({{0x00}, Bytes(256, 0xC1)});
    const auto rsa_spki = [&](const Bytes& algorithm, const Bytes& exponent) {
        const Bytes key = sequence({der(0x02, modulus), der(0x02, exponent)});
        return sequence({algorithm, der(0x03, join({{0x00}, key}))});
    };
    const Bytes oid = der_oid("1.2.840.113549.1.1.1");
    const Bytes with_null = sequence({oid, {0x05, 0x00}});
    CHECK(parse_csr(make_csr(rsa_key(), {.spki = rsa_spki(with_null, {1, 0, 1})})));
    check_refused(make_csr(rsa_key(), {.spki = rsa_spki(sequence({oid}), {1, 0, 1})}),
                  "public key is not DER");
    check_refused(make_csr(rsa_key(), {.spki = rsa_spki(with_null, {0, 1, 0, 1})}), "public key");
    const auto too_long = parse_csr(good, good.size() - 1);
    REQUIRE_FALSE(too_long);
    CHECK(too_long.error().code == ErrorCode::too_large);
    for (std::size_t size = 0; size < good.size(); ++size) {
        CHECK_FALSE(parse_csr(ByteView(good).first(size)));
    }
}

TEST_CASE("a request changed at any octet is refused or fails its signature") {
    const Bytes good = make_csr(rsa_key(), {.attributes = challenge("secret")});
    for (std::size_t i = 0; i < good.size(); ++i) {
        Bytes changed = good;
        changed[i] ^= 0x01;
        const auto request = parse_csr(changed);
        INFO("octet " << i);
        CHECK_FALSE((request && verify_self_signature(*request)));
    }
}

TEST_CASE("a request of another version, or with more than its parts, is refused") {
    const auto wrapped = [](const Bytes& info) {
        return sequence({info, signature_algorithm(rsa_key(), "SHA256"), der(0x03, {0, 1})});
    };
    const Bytes subject = name_of({name_part("2.5.4.3", kUtf8, "device")});
    const Bytes spki = spki_of(rsa_key());
    const Bytes none = der(0xA0, {});
    CHECK(parse_csr(wrapped(sequence({der_integer(0), subject, spki, none}))));
    check_refused(wrapped(sequence({der_integer(1), subject, spki, none})), "version");
    check_refused(wrapped(sequence({der_integer(0), subject, spki, none, none})), "not a PKCS#10");
    check_refused(wrapped(sequence({subject, spki, none})), "not a PKCS#10");
    const Bytes info = sequence({der_integer(0), subject, spki, none});
    const Bytes algorithm = signature_algorithm(rsa_key(), "SHA256");
    check_refused(sequence({info, algorithm, der(0x03, {0, 1}), none}), "not a PKCS#10");
    check_refused(sequence({info, algorithm, der(0x03, {1, 2})}), "not a PKCS#10");
    check_refused(sequence({info, sequence({der_oid("1.2.840.113549.1.1.11"), der_integer(1)}),
                            der(0x03, {0, 1})}),
                  "parameters");
}

TEST_CASE("line ends are dropped from a long challenge alone") {
    std::string broken;
    for (int i = 0; i < 8; ++i)
        broken += std::string(64, 'a') + "\r\n";
    CHECK(parsed(make_csr(rsa_key(), {.attributes = challenge(broken, kUtf8)})).challenge ==
          std::string(512, 'a'));
    check_refused(make_csr(rsa_key(), {.attributes = challenge("aaa\r\nbbb", kUtf8)}),
                  "forbidden character");
}

TEST_CASE("a request of any shape is read in linear time") {
    // Deep nesting and many small elements, at the size limit: refused or read, never slow. The
    // count of steps is bounded by the tests above; this shows that nothing else grows.
    Bytes nested{0x30, 0x00};
    while (nested.size() < 60'000)
        nested = der(0x30, nested);
    check_refused(nested, "not DER");
    Bytes flat;
    while (flat.size() < 64'000)
        flat.insert(flat.end(), {0x30, 0x00});
    check_refused(make_csr(rsa_key(), {.attributes = flat}), "an attribute cannot be read");
    check_refused(Bytes(64'000, 0x30), "not DER");
    Bytes open_ends;
    while (open_ends.size() < 64'000)
        open_ends.insert(open_ends.end(), {0x30, 0x80});
    check_refused(open_ends, "not DER");
}

TEST_CASE("proof of possession") {
    CHECK(verify_self_signature(parsed(make_csr(rsa_key(), {.digest = "SHA1"}))));
    CHECK(verify_self_signature(parsed(make_csr(rsa_key(), {.digest = "SHA512"}))));
    CHECK(verify_self_signature(parsed(make_csr(rsa_key(), {.pss = true}))));
    CHECK(parsed(make_csr(rsa_key(), {.pss = true})).signature_hash == "SHA-256");
    CHECK(verify_self_signature(parsed(make_csr(new_ec_key().get()))));

    const auto md5 = parsed(make_csr(rsa_key(), {.digest = "MD5"}));
    CHECK(md5.signature_hash == "MD5");
    CHECK_FALSE(verify_self_signature(md5));

    CHECK_FALSE(verify_self_signature(CertificateRequest{}));
    const auto foreign = parsed(make_csr(rsa_key(0), {.spki = spki_of(rsa_key(1))}));
    CHECK(foreign.spki == spki_of(rsa_key(1)));
    CHECK_FALSE(verify_self_signature(foreign));
}

}  // namespace
}  // namespace ndes
