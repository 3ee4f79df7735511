#include "common/http_server/detail/response_text.h"

#include "tests/catch.h"

namespace ndes::http {
namespace {

const ResponseFraming kFraming{false, true, false, "Thu, 01 Jan 1970 00:00:00 GMT", ""};

std::string text_of(const Response& response, ResponseFraming framing = kFraming) {
    std::string out = "left over";
    write_response(response, framing, out);
    return out;
}

const std::string kEmpty500 =
    "HTTP/1.1 500 Internal Server Error\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    "Content-Length: 0\r\n\r\n";

}  // namespace

TEST_CASE("a response is written in one piece") {
    ResponseFraming framing = kFraming;
    framing.server_name = "NDES";
    CHECK(text_of({201, "application/json", "{}", {{"X-Request-Id", "7"}}}, framing) ==
          "HTTP/1.1 201 Created\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: NDES\r\n"
          "Content-Type: application/json\r\nX-Request-Id: 7\r\nContent-Length: 2\r\n\r\n{}");
}

TEST_CASE("204 and 304 have neither length nor body") {
    for (const int status : {204, 304}) {
        const auto text = text_of({status, "", "not sent", {}});
        CHECK(text.find("Content-Length") == std::string::npos);
        CHECK(text.ends_with("\r\n\r\n"));
    }
}

TEST_CASE("the connection's own headers are not the handler's to set") {
    const auto text = text_of({200,
                               "",
                               "x",
                               {{"Content-Length", "99"},
                                {"transfer-encoding", "chunked"},
                                {"Connection", "upgrade"},
                                {"Date", "never"},
                                {"SERVER", "other"}}});
    CHECK(text ==
          "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 1\r\n\r\nx");
}

TEST_CASE("a response that would break the framing becomes an empty 500") {
    CHECK(text_of({200, "", "", {{"X", "a\r\nSet-Cookie: b"}}}) == kEmpty500);
    CHECK(text_of({200, "", "", {{"X: y\r\nZ", "a"}}}) == kEmpty500);
    CHECK(text_of({200, "", "", {{"", "a"}}}) == kEmpty500);
    CHECK(text_of({200, "text/plain\n", "", {}}) == kEmpty500);
    CHECK(text_of({100, "", "", {}}) == kEmpty500);
    CHECK(text_of({0, "", "", {}}) == kEmpty500);
    CHECK(text_of({600, "", "", {}}) == kEmpty500);
}

}  // namespace ndes::http
