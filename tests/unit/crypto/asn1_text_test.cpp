#include "common/crypto/asn1_text.h"

#include <openssl/asn1.h>

#include "tests/catch.h"

namespace ndes {
namespace {

Result<std::string> read(int type, std::string_view octets) {
    return text_of(type, as_bytes(octets));
}

TEST_CASE("every string type is read as UTF-8") {
    using namespace std::string_view_literals;
    CHECK(*read(V_ASN1_UTF8STRING, "\xF0\x9F\x94\x91") == "\xF0\x9F\x94\x91");
    CHECK(*read(V_ASN1_PRINTABLESTRING, "abc") == "abc");
    CHECK(*read(V_ASN1_IA5STRING, "a@b") == "a@b");
    CHECK(*read(V_ASN1_NUMERICSTRING, "12") == "12");
    CHECK_FALSE(read(V_ASN1_VISIBLESTRING, "abc"));
    CHECK(*read(V_ASN1_T61STRING, "\xE9") == "\xC3\xA9");
    CHECK(*read(V_ASN1_BMPSTRING, "\x20\xAC"sv) == "\xE2\x82\xAC");
    CHECK(*read(V_ASN1_UNIVERSALSTRING, "\x00\x01\xF5\x11"sv) == "\xF0\x9F\x94\x91");
    CHECK(read(V_ASN1_UTF8STRING, "")->empty());
}

TEST_CASE("what is not text is refused") {
    using namespace std::string_view_literals;
    struct Case {
        const char* name;
        int type;
        std::string_view octets;
    };
    const std::vector<Case> cases{
        {"overlong", V_ASN1_UTF8STRING, "\xC0\xAF"},
        {"surrogate in UTF-8", V_ASN1_UTF8STRING, "\xED\xA0\x80"},
        {"beyond Unicode in UTF-8", V_ASN1_UTF8STRING, "\xF4\x90\x80\x80"},
        {"cut short", V_ASN1_UTF8STRING, "\xE2\x82"},
        {"lone continuation", V_ASN1_UTF8STRING, "\x80"},
        {"NUL", V_ASN1_UTF8STRING, "a\0b"sv},
        {"NUL in BMPString", V_ASN1_BMPSTRING, "\0\0"sv},
        {"8 bits in IA5String", V_ASN1_IA5STRING, "\xE9"},
        {"8 bits in PrintableString", V_ASN1_PRINTABLESTRING, "\xE9"},
        {"surrogates in BMPString", V_ASN1_BMPSTRING, "\xD8\x00\xDC\x00"sv},
        {"odd BMPString", V_ASN1_BMPSTRING, "a"},
        {"beyond Unicode in UniversalString", V_ASN1_UNIVERSALSTRING, "\x00\x11\x00\x00"sv},
        {"OCTET STRING", V_ASN1_OCTET_STRING, "abc"},
    };
    for (const Case& c : cases) {
        INFO(c.name);
        const auto text = read(c.type, c.octets);
        REQUIRE_FALSE(text);
        CHECK(text.error().code == ErrorCode::bad_request);
    }
}

TEST_CASE("characters that hide or reorder others are not plain") {
    for (const char* plain : {"", "a b", "Lu\xC4\x8Di\xC4\x87", "\xE6\xBC\xA2\xE5\xAD\x97",
                              "\xD7\x90\xD7\x91", "\xF0\x9F\x94\x91"}) {
        INFO(plain);
        CHECK(is_visible_text(plain));
    }
    for (const char* hidden :
         {"\x01", "\n", "\x7F", "\xC2\x85", "\xC2\xAD", "\xD8\x9C", "\xE2\x80\x8B", "\xE2\x80\x8D",
          "\xE2\x80\x8F", "\xE2\x80\xA8", "\xE2\x80\xAE", "\xE2\x81\xA0", "\xE2\x81\xA6",
          "\xEF\xBB\xBF", "\xEF\xBF\xBE", "\xF3\xA0\x80\xA1"}) {
        CHECK_FALSE(is_visible_text(hidden));
    }
}

TEST_CASE("characters are counted, not octets") {
    CHECK(count_characters("") == 0);
    CHECK(count_characters("abc") == 3);
    CHECK(count_characters("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x94\x91") == 3);
}

}  // namespace
}  // namespace ndes
