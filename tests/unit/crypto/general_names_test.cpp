#include "common/crypto/general_names.h"

#include "tests/catch.h"
#include "tests/unit/crypto/test_pki.h"

namespace ndes {
namespace {

using Type = SubjectAltNameType;
using Names = std::vector<SubjectAltName>;

Bytes encoding_of(const GENERAL_NAMES* names) {
    unsigned char* encoded = nullptr;
    const int size = ::i2d_GENERAL_NAMES(names, &encoded);
    REQUIRE(size > 0);
    Bytes octets(encoded, encoded + size);
    ::OPENSSL_free(encoded);
    return octets;
}

Bytes upn(const Bytes& value, const char* oid = "1.3.6.1.4.1.311.20.2.3") {
    using namespace test;
    return der(0xA0, join({der_oid(oid), der(0xA0, value)}));
}

TEST_CASE("every kind of alternative name survives its encoding") {
    const Names names{{Type::upn, "anna@\xC3\xA9.example"},
                      {Type::email, "anna@example.com"},
                      {Type::dns, "a.example.com"},
                      {Type::uri, "https://example.com/a"},
                      {Type::ip, "192.0.2.1"},
                      {Type::ip, "2001:db8::1"}};
    const auto built = to_general_names(names);
    REQUIRE(built);
    const auto again = read_general_names(encoding_of(built->get()));
    REQUIRE(again);
    CHECK(*again == names);
}

TEST_CASE("names are encoded as RFC 5280 and Windows have them") {
    using namespace test;
    const auto built = to_general_names({{Type::upn, "a@b"}, {Type::ip, "192.0.2.1"}});
    REQUIRE(built);
    CHECK(encoding_of(built->get()) ==
          sequence({upn(der_text(kUtf8, "a@b")), der(0x87, {192, 0, 2, 1})}));
}

TEST_CASE("an alternative name that cannot be read is refused") {
    using namespace test;
    struct Case {
        const char* name;
        Bytes element;
    };
    const std::vector<Case> cases{
        {"other otherName", upn(der_text(kUtf8, "a"), "1.2.3.4")},
        {"upn as IA5String", upn(der_text(kIa5, "a@b"))},
        {"upn with NUL", upn(der_text(kUtf8, std::string_view("a\0b", 3)))},
        {"upn with right-to-left override", upn(der_text(kUtf8,
                                                         "a\xE2\x80\xAE"
                                                         "b"))},
        {"upn with zero width space", upn(der_text(kUtf8,
                                                   "a\xE2\x80\x8B"
                                                   "b"))},
        {"upn not Unicode", upn(der_text(kUtf8, "\xFF"))},
        {"directoryName", der(0xA4, name_of({name_part("2.5.4.3", kUtf8, "a")}))},
        {"registeredID", der(0x88, {0x2A, 0x03})},
        {"ip of 5 octets", der(0x87, {1, 2, 3, 4, 5})},
        {"dns with 8 bits", der(0x82, {0xE9})},
        {"dns with line feed", der_text(0x82, "a\nb")},
        {"dns with NUL", der_text(0x82, std::string_view("a\0b", 3))},
        {"dns empty", der(0x82, {})},
        {"dns too long", der_text(0x82, std::string(254, 'a'))},
        {"email too long", der_text(0x81, std::string(321, 'a'))},
        {"uri too long", der_text(0x86, std::string(2049, 'a'))},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        const auto names = read_general_names(sequence({c.element}));
        REQUIRE_FALSE(names);
        CHECK(names.error().code == ErrorCode::bad_request);
        CHECK(names.error().text.find("subjectAltName") != std::string::npos);
    }
}

TEST_CASE("a value that its type cannot hold is not built") {
    const Names cases{{Type::ip, "192.0.2"},
                      {Type::ip, "192.0.2.1/24"},
                      {Type::ip, "2001:db8::/32"},
                      {Type::dns, "\xC3\xA9.example"},
                      {Type::dns, ""},
                      {Type::email, "a\nb"},
                      {Type::upn, "\xFF"},
                      {Type::uri, std::string(2049, 'a')}};
    for (const SubjectAltName& name : cases) {
        INFO(name.value);
        const auto built = to_general_names({name});
        REQUIRE_FALSE(built);
        CHECK(built.error().code == ErrorCode::bad_request);
    }
}

TEST_CASE("alternative names compare by meaning") {
    const auto same = [](const SubjectAltName& a, const SubjectAltName& b) {
        return same_alt_names({a}, {b});
    };
    CHECK(same({Type::dns, "A.Example"}, {Type::dns, "a.example"}));
    CHECK(same({Type::email, "anna@EXAMPLE.com"}, {Type::email, "anna@example.com"}));
    CHECK_FALSE(same({Type::email, "Anna@example.com"}, {Type::email, "anna@example.com"}));
    CHECK(same({Type::ip, "2001:DB8:0:0::1"}, {Type::ip, "2001:db8::1"}));
    CHECK_FALSE(same({Type::ip, "192.0.2.1"}, {Type::ip, "::ffff:192.0.2.1"}));
    CHECK_FALSE(same({Type::upn, "A@b"}, {Type::upn, "a@b"}));
    CHECK_FALSE(same({Type::uri, "https://A"}, {Type::uri, "https://a"}));
    CHECK_FALSE(same({Type::upn, "a@b"}, {Type::email, "a@b"}));

    const Names two{{Type::dns, "a"}, {Type::dns, "b"}};
    CHECK(same_alt_names(two, {{Type::dns, "b"}, {Type::dns, "a"}, {Type::dns, "B"}}));
    CHECK_FALSE(same_alt_names(two, {{Type::dns, "a"}}));
    CHECK_FALSE(same_alt_names({{Type::dns, "a"}}, two));
    CHECK(same_alt_names({}, {}));
    CHECK(includes_alt_names(two, {{Type::dns, "B"}}));
    CHECK(includes_alt_names(two, {}));
    CHECK_FALSE(includes_alt_names({{Type::dns, "a"}}, two));
}

}  // namespace
}  // namespace ndes
