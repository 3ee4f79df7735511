#include "common/http_server/url.h"

#include "tests/catch.h"

namespace ndes::http {

TEST_CASE("percent_decode") {
    CHECK(*percent_decode("") == "");
    CHECK(*percent_decode("a+b") == "a+b");
    CHECK(*percent_decode("%41%7a%2F%ff") == "Az/\xff");
    for (const char* bad : {"%", "%4", "a%4", "%zz", "%4g", "%g4", "%%41", "% 4", "%00", "a%00b"}) {
        INFO(bad);
        const auto decoded = percent_decode(bad);
        REQUIRE_FALSE(decoded);
        CHECK(decoded.error().code == ErrorCode::bad_request);
    }
    CHECK_FALSE(percent_decode(std::string_view("a\0b", 3)));
}

TEST_CASE("percent_encode leaves the unreserved characters and decodes back") {
    CHECK(percent_encode("AZaz09-._~") == "AZaz09-._~");
    CHECK(percent_encode("a b/c+d%\xC3\xA4") == "a%20b%2Fc%2Bd%25%C3%A4");
    std::string all;
    for (int octet = 1; octet < 256; ++octet)
        all += static_cast<char>(octet);
    CHECK(*percent_decode(percent_encode(all)) == all);
}

TEST_CASE("parse_query") {
    using Parameters = std::vector<std::pair<std::string, std::string>>;
    CHECK(*parse_query("") == Parameters{});
    CHECK(*parse_query("operation=GetCACaps&message=0") ==
          Parameters{{"operation", "GetCACaps"}, {"message", "0"}});
    CHECK(*parse_query("b=1&a=2&b=3") == Parameters{{"b", "1"}, {"a", "2"}, {"b", "3"}});
    CHECK(*parse_query("m=a+b/c==&n") == Parameters{{"m", "a+b/c=="}, {"n", ""}});
    CHECK(*parse_query("&&a=%26&=x&") == Parameters{{"a", "&"}, {"", "x"}});
    CHECK(parse_query("a=%4").error().code == ErrorCode::bad_request);
    CHECK(parse_query("%4=a").error().code == ErrorCode::bad_request);
}

TEST_CASE("decode_segments") {
    using Segments = std::vector<std::string>;
    CHECK(*decode_segments("/") == Segments{});
    CHECK(*decode_segments("/?a/b") == Segments{});
    CHECK(*decode_segments("/api/v1/users") == Segments{"api", "v1", "users"});
    CHECK(*decode_segments("/t/a%2Fb%3D?x=/y") == Segments{"t", "a/b="});
    CHECK(*decode_segments("/a/") == Segments{"a", ""});
    CHECK(*decode_segments("//a") == Segments{"", "a"});
    for (const char* bad : {"", "?a", "a/b", "/a%", "/%00/b", "/a/%zz"}) {
        INFO(bad);
        CHECK(decode_segments(bad).error().code == ErrorCode::bad_request);
    }
}

}  // namespace ndes::http
