#include "common/bytes.h"

#include <openssl/evp.h>

#include "tests/catch.h"
#include "tests/unit/common/fakes.h"

using namespace ndes;

TEST_CASE("base64 follows the samples of RFC 4648 section 10") {
    const std::vector<std::pair<std::string, std::string>> samples = {{"", ""},
                                                                      {"f", "Zg=="},
                                                                      {"fo", "Zm8="},
                                                                      {"foo", "Zm9v"},
                                                                      {"foob", "Zm9vYg=="},
                                                                      {"fooba", "Zm9vYmE="},
                                                                      {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, text] : samples) {
        CHECK(to_base64(as_bytes(plain)) == text);
        CHECK(as_text(from_base64(text).value()) == plain);
    }
}

TEST_CASE("base64 is what OpenSSL writes, for every length") {
    test::SeededRandom random(4648);
    for (std::size_t length = 0; length < 300; ++length) {
        const Bytes bytes = random.bytes(length);
        std::string expected((length + 2) / 3 * 4 + 1, '\0');
        const int written = ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(expected.data()),
                                              bytes.data(), static_cast<int>(length));
        expected.resize(static_cast<std::size_t>(written));
        REQUIRE(to_base64(bytes) == expected);
        REQUIRE(from_base64(expected).value() == bytes);
        REQUIRE(from_base64url(to_base64url(bytes)).value() == bytes);
    }
}

TEST_CASE("base64 refuses every text that an encoder does not write") {
    const auto text = GENERATE(as<std::string>(),
                               "Zg",        // padding is missing
                               "Zg=",       // one of two
                               "Zg===",     // too much
                               "Z===",      // a digit alone
                               "====",      // nothing but padding
                               "Zg==Zg==",  // padding within
                               "Zm=v",      // padding within a group
                               "Zh==",      // stray bits after one octet
                               "Zm9=",      // stray bits after two
                               "Zm9v\n",    // a line end
                               " Zm9v",     // white space
                               "Zm 9",      // white space within
                               "Zm-_",      // the other alphabet
                               "Zm9v\xC3\xA9zz");
    CAPTURE(text);
    const auto bytes = from_base64(text);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.error().code == ErrorCode::bad_request);
}

TEST_CASE("base64 refuses each character outside its alphabet, at each place") {
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int c = 0; c < 256; ++c) {
        for (std::size_t place = 0; place < 4; ++place) {
            std::string text = "AAAA";
            text[place] = static_cast<char>(c);
            const bool padding = c == '=' && place == 3;  // "AAA=" has no stray bits
            const bool good = padding || alphabet.find(text[place]) != std::string::npos;
            REQUIRE(from_base64(text).has_value() == good);
        }
    }
}

TEST_CASE("base64url has its own two digits and no padding") {
    const Bytes bytes = {0xFB, 0xFF, 0xFE};
    CHECK(to_base64(bytes) == "+//+");
    CHECK(to_base64url(bytes) == "-__-");
    CHECK(from_base64url("-__-").value() == bytes);
    CHECK(from_base64url("Zg").value() == Bytes{'f'});
    for (const char* bad : {"+//+", "Zg==", "Z", "Zh", "Zm9", "Zm9v=", "Z g"}) {
        CAPTURE(bad);
        CHECK_FALSE(from_base64url(bad));
    }
}

TEST_CASE("hexadecimal is written in lower case and read in both") {
    const Bytes bytes = {0x00, 0x1F, 0xAB, 0xFF};
    CHECK(to_hex(bytes) == "001fabff");
    CHECK(from_hex("001fabff").value() == bytes);
    CHECK(from_hex("001FABff").value() == bytes);
    CHECK(from_hex("").value().empty());
    for (const char* bad : {"0", "0g", "g0", "0x", " 00", "00 ", "00:11", "-1", "\xC3\xA9"}) {
        CAPTURE(bad);
        CHECK_FALSE(from_hex(bad));
    }
}

TEST_CASE("secrets are equal only if all octets are") {
    CHECK(equal_constant_time(as_bytes("secret"), as_bytes("secret")));
    CHECK(equal_constant_time({}, {}));
    CHECK_FALSE(equal_constant_time(as_bytes("secret"), as_bytes("secreT")));
    CHECK_FALSE(equal_constant_time(as_bytes("Secret"), as_bytes("secret")));
    CHECK_FALSE(equal_constant_time(as_bytes("secret"), as_bytes("secre")));
    CHECK_FALSE(equal_constant_time(as_bytes("secret"), {}));
}
