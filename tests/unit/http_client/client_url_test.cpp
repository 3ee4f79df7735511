#include "common/http_client/http_client.h"
#include "tests/catch.h"

using ndes::http::parse_url;

TEST_CASE("a receiver's address is read in parts") {
    const auto url = parse_url("https://mdm.example.org/ndes?x=1");
    REQUIRE(url);
    CHECK(url->https);
    CHECK(url->host == "mdm.example.org");
    CHECK(url->port == 443);
    CHECK(url->target == "/ndes?x=1");
    CHECK_FALSE(url->is_loopback());
    CHECK(parse_url("http://127.0.0.1:8080")->port == 8080);
    CHECK(parse_url("http://127.0.0.1:8080")->target == "/");
    CHECK(parse_url("http://localhost")->port == 80);
    CHECK(parse_url("http://localhost")->is_loopback());
    CHECK(parse_url("https://[::1]:1234/a")->host == "::1");
    CHECK(parse_url("https://[::1]:1234/a")->port == 1234);
    CHECK(parse_url("https://h?x")->target == "/?x");
}

TEST_CASE("what is no plain address is refused") {
    for (const char* text :
         {"", "h", "ftp://h/", "HTTPS://h/", "https://", "https:///x", "https://u:p@h/",
          "https://h/#f", "https://h:0/", "https://h:65536/", "https://h:x/", "https://h:/",
          "https://h/a b", "https://h/\r\nX: y", "https://[::1", "https://[::1]x/"}) {
        CAPTURE(text);
        CHECK_FALSE(parse_url(text));
    }
}
