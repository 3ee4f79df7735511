#include "common/crypto/distinguished_name.h"

#include "tests/catch.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes {
namespace {

using Names = std::vector<RelativeName>;
const char* const kCn = "2.5.4.3";
const char* const kOu = "2.5.4.11";

DistinguishedName parsed(std::string_view text) {
    const auto name = DistinguishedName::from_text(text);
    INFO(text << ": " << (name ? "" : name.error().text));
    REQUIRE(name);
    return *name;
}

X509NamePtr decoded(const Bytes& der) {
    const unsigned char* position = der.data();
    X509NamePtr name(::d2i_X509_NAME(nullptr, &position, static_cast<long>(der.size())));
    REQUIRE(name);
    return name;
}

TEST_CASE("a name is read from RFC 4514 text") {
    struct Case {
        const char* text;
        Names names;
    };
    const std::vector<Case> cases{
        {"", {}},
        {"CN=a", {{{kCn, "a"}}}},
        {"CN=a,OU=b", {{{kOu, "b"}}, {{kCn, "a"}}}},
        {"CN=Test User (TESTCOMPANY\\, LLC),OU=b",
         {{{kOu, "b"}}, {{kCn, "Test User (TESTCOMPANY, LLC)"}}}},
        {"CN=\"Test User (TESTCOMPANY\\, LLC)\",OU=b",
         {{{kOu, "b"}}, {{kCn, "Test User (TESTCOMPANY, LLC)"}}}},
        {"CN=\"a, \"\"b\"\" + c\"", {{{kCn, "a, \"b\" + c"}}}},
        {" CN = a , OU = b ", {{{kOu, "b"}}, {{kCn, "a"}}}},
        {"CN=a;OU=b", {{{kOu, "b"}}, {{kCn, "a"}}}},
        {"OU=a+CN=b", {{{kOu, "a"}, {kCn, "b"}}}},
        {"CN=\\ a\\ ", {{{kCn, " a "}}}},
        {"CN=a\\\\b\\\"c\\+d\\;e\\<f\\>g\\=h\\#i", {{{kCn, "a\\b\"c+d;e<f>g=h#i"}}}},
        {"CN=a=b", {{{kCn, "a=b"}}}},
        {"CN=Lu\\C4\\8Di\\C4\\87", {{{kCn, "Lu\xC4\x8Di\xC4\x87"}}}},
        {"CN=#0C0161", {{{kCn, "a"}}}},
        {"2.5.4.3=#130161", {{{kCn, "a"}}}},
        {"OID.2.5.4.3=a", {{{kCn, "a"}}}},
        {"cn=a", {{{kCn, "a"}}}},
        {"commonName=a", {{{kCn, "a"}}}},
        {"E=a@b", {{{"1.2.840.113549.1.9.1", "a@b"}}}},
        {"EMAILADDRESS=a@b", {{{"1.2.840.113549.1.9.1", "a@b"}}}},
        {"SERIALNUMBER=42", {{{"2.5.4.5", "42"}}}},
        {"SN=Miller", {{{"2.5.4.4", "Miller"}}}},
        {"S=Bavaria", {{{"2.5.4.8", "Bavaria"}}}},
        {"DC=example,DC=com",
         {{{"0.9.2342.19200300.100.1.25", "com"}}, {{"0.9.2342.19200300.100.1.25", "example"}}}},
        {"1.2.3.4=a", {{{"1.2.3.4", "a"}}}},
    };
    for (const Case& c : cases) {
        INFO(c.text);
        CHECK(parsed(c.text).names() == c.names);
    }
}

TEST_CASE("text that is no name is refused with the offending part") {
    struct Case {
        const char* text;
        const char* named;
    };
    const std::vector<Case> cases{
        {"CN", "no '='"},
        {"CN=a,", "no '='"},
        {"CN=a,,OU=b", "unknown attribute type"},
        {"=a", "unknown attribute type"},
        {"NOPE=a", "'NOPE'"},
        {"OID.x=a", "'OID.x'"},
        {"9.9.9=a", "'9.9.9'"},
        {"CN=", "CN is empty"},
        {"CN=,OU=b", "CN is empty"},
        {"CN=a\\", "bad escape"},
        {"CN=a\\zz", "bad escape"},
        {"CN=a\\4", "bad escape"},
        {"CN=\\00", "not text"},
        {"CN=\\FF", "not text"},
        {"CN=a\"b", "unescaped"},
        {"CN=a<b", "unescaped"},
        {"CN=\"a", "not closed"},
        {"CN=\"a\"b", "after the closing quote"},
        {"CN=#zz", "hexadecimal"},
        {"CN=#0C02", "encoding"},
        {"CN=#0C016100", "encoding"},
        {"CN=#0101FF", "not readable as text"},
        {"CN=#3000", "encoding"},
    };
    for (const Case& c : cases) {
        INFO(c.text);
        const auto name = DistinguishedName::from_text(c.text);
        REQUIRE_FALSE(name);
        CHECK(name.error().code == ErrorCode::bad_request);
        CHECK(name.error().text.find(c.named) != std::string::npos);
    }
    CHECK_FALSE(DistinguishedName::from_text("CN=" + std::string(17'000, 'a')));
}

TEST_CASE("a name survives its own text and its own encoding") {
    const char* const texts[] = {
        "CN=a,OU=b,O=c,L=d,ST=e,C=DE",
        "CN=Test User (TESTCOMPANY\\, LLC),OU=x",
        "CN=\\#a\\+\\\"\\;\\<\\>\\\\ \\ ",
        "OU=a+CN=b,DC=example,DC=com",
        "emailAddress=a@b.c,serialNumber=42,UID=u,SN=Miller,givenName=Anna",
        "1.2.3.4=#0c0161",
        "CN=Lu\xC4\x8Di\xC4\x87",
    };
    for (const char* text : texts) {
        INFO(text);
        const DistinguishedName name = parsed(text);
        CHECK(name.to_text() == text);
        const auto built = name.to_x509();
        REQUIRE(built);
        const auto again = DistinguishedName::from_x509(built->get());
        REQUIRE(again);
        CHECK(again->same_names(name));
    }
    CHECK(DistinguishedName().to_text().empty());
}

TEST_CASE("names are equal whatever their order and string types") {
    CHECK(parsed("CN=a,OU=b").same_names(parsed("OU=b,CN=a")));
    CHECK(parsed("OU=a+CN=b").same_names(parsed("CN=b+OU=a")));
    CHECK(parsed("OU=a,OU=b,OU=a").same_names(parsed("OU=a,OU=a,OU=b")));
    CHECK_FALSE(parsed("OU=a,OU=b").same_names(parsed("OU=a,OU=b,OU=b")));
    CHECK_FALSE(parsed("CN=a,OU=b").same_names(parsed("CN=a+OU=b")));
    CHECK_FALSE(parsed("CN=a").same_names(parsed("CN=A")));
    CHECK_FALSE(parsed("CN=a").same_names(parsed("OU=a")));
    CHECK_FALSE(parsed("CN=a").same_names(DistinguishedName()));

    using namespace test;
    const std::vector<Bytes> same{
        name_part(kCn, kUtf8, "\xC3\xA9"),
        name_part(kCn, kT61, "\xE9"),
        name_part(kCn, kBmp, std::string_view("\x00\xE9", 2)),
        name_part(kCn, kUniversal, std::string_view("\x00\x00\x00\xE9", 4)),
    };
    for (const Bytes& part : same) {
        const auto name = DistinguishedName::from_x509(decoded(name_of({part})).get());
        REQUIRE(name);
        CHECK(name->same_names(parsed("CN=\xC3\xA9")));
    }
}

TEST_CASE("an encoded name with a value that is not text is refused") {
    using namespace test;
    struct Case {
        const char* name;
        Bytes part;
    };
    const std::vector<Case> cases{
        {"NUL", name_part(kCn, kUtf8, std::string_view("a\0b", 3))},
        {"empty", name_part(kCn, kUtf8, "")},
        {"8 bits in IA5String", name_part(kCn, kIa5, "\xE9")},
        {"BIT STRING", set({sequence({der_oid(kCn), der(0x03, {0, 1})})})},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        const auto name = DistinguishedName::from_x509(decoded(name_of({c.part})).get());
        REQUIRE_FALSE(name);
        CHECK(name.error().code == ErrorCode::bad_request);
    }
}

TEST_CASE("a name is built with the string types of RFC 5280") {
    const auto built = parsed("CN=a,C=DE,serialNumber=1,emailAddress=a@b,DC=c").to_x509();
    REQUIRE(built);
    const std::vector<std::pair<int, int>> types{{NID_commonName, V_ASN1_UTF8STRING},
                                                 {NID_countryName, V_ASN1_PRINTABLESTRING},
                                                 {NID_serialNumber, V_ASN1_PRINTABLESTRING},
                                                 {NID_pkcs9_emailAddress, V_ASN1_IA5STRING},
                                                 {NID_domainComponent, V_ASN1_IA5STRING}};
    for (const auto& [nid, type] : types) {
        const int at = ::X509_NAME_get_index_by_NID(built->get(), nid, -1);
        CHECK(::ASN1_STRING_type(
                  ::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(built->get(), at))) == type);
    }
}

TEST_CASE("a name that its string types cannot hold is not built") {
    const std::vector<DistinguishedName> cases{
        parsed("C=Germany"),
        parsed("C=\xC3\xA9"),
        parsed("serialNumber=a_b"),
        parsed("DC=\xC3\xA9"),
        parsed("CN=" + std::string(65, 'a')),
        DistinguishedName(Names{{{kCn, ""}}}),
        DistinguishedName(Names{{{"not an oid", "a"}}}),
        DistinguishedName(Names{{{kCn, "\xFF"}}}),
    };
    for (const DistinguishedName& name : cases) {
        const auto built = name.to_x509();
        REQUIRE_FALSE(built);
        CHECK(built.error().code == ErrorCode::bad_request);
    }
    // 64 characters of two octets each are within the bound of 64 characters.
    std::string long_name;
    for (int i = 0; i < 64; ++i)
        long_name += "\xC3\xA9";
    CHECK(parsed("CN=" + long_name).to_x509());
}

TEST_CASE("a value is escaped for DN text") {
    CHECK(escape_name_value("a b") == "a b");
    CHECK(escape_name_value(" a ") == "\\ a\\ ");
    CHECK(escape_name_value("#a") == "\\#a");
    CHECK(escape_name_value("a#") == "a#");
    CHECK(escape_name_value("a,b+c\"d\\e<f>g;h") == "a\\,b\\+c\\\"d\\\\e\\<f\\>g\\;h");
    CHECK(escape_name_value(std::string_view("\0", 1)) == "\\00");
    CHECK(escape_name_value(",CN=administrator") == "\\,CN=administrator");
    CHECK(escape_name_value("").empty());
}

}  // namespace
}  // namespace ndes
