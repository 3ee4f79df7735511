#include "common/crypto/asn1_reader.h"

#include "tests/catch.h"
#include "tests/unit/crypto/der_writer.h"

namespace ndes {
namespace {

using namespace test;

Bytes nested(int depth) {
    Bytes element;
    for (int i = 0; i < depth; ++i)
        element = der(0x30, element);
    return element;
}

TEST_CASE("a header is read within its bounds") {
    const Bytes element = octet_string(Bytes(300, 1));
    const auto header = read_asn1_header(element);
    REQUIRE(header);
    CHECK(header->is(0x04));
    CHECK(header->size == 4);
    CHECK(header->length == 300);
    CHECK(read_asn1_header(Bytes{0x30, 0x80})->indefinite);
    CHECK(read_asn1_header(Bytes{0xA3, 0x00})->is_context(3));
}

TEST_CASE("a header that cannot be right is not read") {
    const std::vector<Bytes> wrong{
        {},
        {0x30},
        {0x30, 0x01},                          // more contents than there are
        {0x04, 0x80},                          // indefinite primitive
        {0x30, 0x82, 0x01},                    // length cut short
        {0x30, 0x85, 0, 0, 0, 0, 0},           // more than four length octets
        {0x30, 0xFF, 0, 0},                    // reserved
        {0x1F, 0x81, 0x01, 0x00},              // multi-octet tag
        {0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF},  // 4 GiB
    };
    for (const Bytes& octets : wrong)
        CHECK_FALSE(read_asn1_header(octets));
}

TEST_CASE("DER is told from what only looks like it") {
    struct Case {
        const char* name;
        Bytes octets;
        bool right;
    };
    const std::vector<Case> cases{
        {"empty SEQUENCE", {0x30, 0x00}, true},
        {"trailing octet", {0x30, 0x00, 0x00}, false},
        {"indefinite length", {0x30, 0x80, 0x00, 0x00}, false},
        {"long form for a short length", {0x30, 0x81, 0x00}, false},
        {"two length octets for 200", join({{0x04, 0x82, 0x00, 200}, Bytes(200, 0)}), false},
        {"one length octet for 200", octet_string(Bytes(200, 0)), true},
        {"BOOLEAN FF", {0x01, 0x01, 0xFF}, true},
        {"BOOLEAN 01", {0x01, 0x01, 0x01}, false},
        {"INTEGER 127", {0x02, 0x01, 0x7F}, true},
        {"INTEGER with leading zero", {0x02, 0x02, 0x00, 0x7F}, false},
        {"INTEGER 128", {0x02, 0x02, 0x00, 0x80}, true},
        {"INTEGER with leading ones", {0x02, 0x02, 0xFF, 0x80}, false},
        {"INTEGER empty", {0x02, 0x00}, false},
        {"BIT STRING", {0x03, 0x02, 0x05, 0xA0}, true},
        {"BIT STRING with unused bits set", {0x03, 0x02, 0x05, 0xA1}, false},
        {"BIT STRING with 8 unused bits", {0x03, 0x02, 0x08, 0x00}, false},
        {"BIT STRING without octets", {0x03, 0x00}, false},
        {"NULL", {0x05, 0x00}, true},
        {"NULL with contents", {0x05, 0x01, 0x00}, false},
        {"OID", {0x06, 0x03, 0x55, 0x04, 0x03}, true},
        {"OID with padded arc", {0x06, 0x03, 0x55, 0x80, 0x03}, false},
        {"OID cut short", {0x06, 0x02, 0x55, 0x84}, false},
        {"constructed OCTET STRING", der(0x24, octet_string({1})), false},
        {"PrintableString", der_text(kPrintable, "Az 9'()+,-./:=?"), true},
        {"PrintableString with 8 bits", der_text(kPrintable, "\xE9"), false},
        {"IA5String with 8 bits", der_text(kIa5, "\xE9"), false},
        {"UTF8String", der_text(kUtf8, "\xE2\x82\xAC"), true},
        {"UTF8String overlong", der_text(kUtf8, "\xC0\xAF"), false},
        {"UTF8String surrogate", der_text(kUtf8, "\xED\xA0\x80"), false},
        {"BMPString of odd length", der(kBmp, {0}), false},
        {"SET ascending", set({der_integer(1), der_integer(2)}), true},
        {"SET descending", set({der_integer(2), der_integer(1)}), false},
        {"16 levels", nested(16), true},
        {"17 levels", nested(17), false},
        {"unknown universal type", {0x0E, 0x01, 0x00}, false},
        {"primitive SEQUENCE", {0x10, 0x00}, false},
        {"element beyond its parent", {0x30, 0x03, 0x04, 0x05, 0x00}, false},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        CHECK(is_der(c.octets) == c.right);
    }
}

TEST_CASE("a deep nest of a megabyte is refused at once") {
    Bytes bomb;
    for (int i = 0; i < 500'000; ++i)
        bomb.insert(bomb.end(), {0x30, 0x80});
    CHECK_FALSE(is_der(bomb));
}

}  // namespace
}  // namespace ndes
