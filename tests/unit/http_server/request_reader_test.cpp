#include "common/http_server/detail/request_reader.h"

#include <random>

#include "tests/catch.h"

namespace ndes::http {
namespace {

using Verdict = RequestReader::Verdict;

const ReaderLimits kLimits{{200, 400}, 100};

struct Outcome {
    Verdict verdict = Verdict::need_more;
    int status = 0;
    std::string left;  // not used by the request
    Request request;

    bool operator==(const Outcome& other) const {
        return verdict == other.verdict && status == other.status && left == other.left &&
               (verdict != Verdict::complete ||
                (request.method == other.request.method && request.target == other.request.target &&
                 request.headers == other.request.headers && request.body == other.request.body));
    }
};

// Reads `octets` as they would arrive in pieces that end at `cuts`.
Outcome read_in_pieces(const std::string& octets, const std::vector<std::size_t>& cuts) {
    RequestReader reader(kLimits);
    Outcome outcome;
    std::string input;
    std::size_t given = 0;
    for (const std::size_t cut : cuts) {
        input += octets.substr(given, cut - given);
        given = cut;
        for (bool again = true; again;) {
            std::size_t used = 0;
            outcome.verdict = reader.read(input, outcome.request, used);
            REQUIRE(used <= input.size());
            input.erase(0, used);
            again = outcome.verdict == Verdict::send_continue;
        }
        if (outcome.verdict != Verdict::need_more) break;
    }
    outcome.status = reader.status();
    outcome.left = input + octets.substr(given);
    return outcome;
}

Outcome read_at_once(const std::string& octets) { return read_in_pieces(octets, {octets.size()}); }

std::vector<std::size_t> every_octet(const std::string& octets) {
    std::vector<std::size_t> cuts;
    for (std::size_t i = 1; i <= octets.size(); ++i)
        cuts.push_back(i);
    return cuts;
}

const std::string kPost =
    "POST /a%20b?c=d HTTP/1.1\r\nHost: t:8443\r\nX-One: 1\r\nContent-Length: 5\r\nx-one:  2 "
    "\r\n\r\nhello";
const std::string kChunked =
    "PUT /x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: Chunked\r\nExpect: "
    "100-continue\r\n\r\n5;e=\"v\"\r\nhello\r\n00a\r\n0123456789\r\n0\r\nT: t\r\n\r\n";
const std::string kGet = "GET http://t/p?q HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";

}  // namespace

TEST_CASE("a request is taken apart") {
    const auto outcome = read_at_once(kPost + "NEXT");
    REQUIRE(outcome.verdict == Verdict::complete);
    const auto& request = outcome.request;
    CHECK(request.method == "POST");
    CHECK(request.target == "/a%20b?c=d");
    CHECK(request.path == "/a b");
    CHECK(request.query == "c=d");
    CHECK(request.header("host") == "t:8443");
    CHECK(request.header("x-one") == "1, 2");
    CHECK(request.header("absent").empty());
    CHECK(request.body == "hello");
    CHECK(outcome.left == "NEXT");
}

TEST_CASE("the next request has nothing of the one before") {
    RequestReader reader(kLimits);
    Request request;
    std::size_t used = 0;
    REQUIRE(reader.read(kPost, request, used) == Verdict::complete);
    reader.reset();
    REQUIRE(reader.read(kGet, request, used) == Verdict::complete);
    CHECK(used == kGet.size());
    CHECK(request.method == "GET");
    CHECK(request.target == "/p?q");
    CHECK(request.query == "q");
    CHECK(request.body.empty());
    CHECK(request.headers.size() == 1);
    CHECK(reader.keep_alive());
    CHECK(reader.is_http10());
}

TEST_CASE("limits hold to the octet") {
    const auto target = [](std::size_t octets) {
        return read_at_once("GET /" + std::string(octets - 1, 'a') +
                            " HTTP/1.1\r\nHost: t\r\n\r\n");
    };
    CHECK(target(200).verdict == Verdict::complete);
    CHECK(target(201).status == 414);
    const auto header = [](std::size_t octets) {  // "Host: t" and CRLF are 9, "X: " and CRLF 5
        return read_at_once("GET / HTTP/1.1\r\nHost: t\r\nX: " + std::string(octets - 14, 'a') +
                            "\r\n\r\n");
    };
    CHECK(header(400).verdict == Verdict::complete);
    CHECK(header(401).status == 431);
    const auto body = [](std::size_t octets) {
        return read_at_once("POST / HTTP/1.1\r\nHost: t\r\nContent-Length: " +
                            std::to_string(octets) + "\r\n\r\n" + std::string(octets, 'a'));
    };
    CHECK(body(100).verdict == Verdict::complete);
    CHECK(body(101).status == 413);
}

TEST_CASE("an over-long head is refused before it is complete") {
    CHECK(read_at_once("GET /" + std::string(300, 'a')).status == 414);
    CHECK(read_at_once("GET / HTTP/1.1\r\nX: " + std::string(500, 'a')).status == 431);
    CHECK(read_at_once("GET / HTTP/1.1\nHost").status == 400);
}

TEST_CASE("it does not matter where the network cuts") {
    for (const auto& octets : {kPost + "rest", kChunked + "rest", kGet + "rest"}) {
        const auto whole = read_at_once(octets);
        REQUIRE(whole.verdict == Verdict::complete);
        CHECK(read_in_pieces(octets, every_octet(octets)) == whole);
        for (std::size_t cut = 1; cut < octets.size(); ++cut)
            CHECK(read_in_pieces(octets, {cut, octets.size()}) == whole);
    }
}

TEST_CASE("one empty line before a request is ignored, a second is not, wherever they are cut") {
    const std::string one = "\r\n" + kGet;
    CHECK(read_at_once(one).verdict == Verdict::complete);
    CHECK(read_in_pieces(one, every_octet(one)).verdict == Verdict::complete);
    const std::string two = "\r\n" + one;
    CHECK(read_at_once(two).status == 400);
    CHECK(read_in_pieces(two, every_octet(two)).status == 400);
    CHECK(read_in_pieces(two, {2, 4, two.size()}).status == 400);
}

TEST_CASE("mutated requests are judged alike however they are cut") {
    const unsigned seed = GENERATE(1U, 2U, 3U);
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const std::vector<std::string> samples{kPost, kChunked, kGet};
    const std::string spice("\r\n \t:;,%0\0-/?#\x80", 16);
    int refused = 0;
    for (int round = 0; round < 3'000; ++round) {
        std::string octets = samples[random() % samples.size()];
        for (auto changes = 1 + random() % 3; changes > 0; --changes) {
            const std::size_t at = random() % octets.size();
            const char c = spice[random() % spice.size()];
            switch (random() % 3) {
                case 0: octets[at] = c; break;
                case 1: octets.insert(at, 1, c); break;
                default: octets.erase(at, 1); break;
            }
        }
        const auto whole = read_at_once(octets);
        INFO(octets);
        if (whole.verdict == Verdict::refused) {
            ++refused;
            REQUIRE(whole.status >= 400);
            REQUIRE(read_in_pieces(octets, every_octet(octets)).status == whole.status);
        } else {
            REQUIRE(read_in_pieces(octets, every_octet(octets)) == whole);
        }
    }
    CHECK(refused > 1'000);
}

TEST_CASE("origin_form") {
    CHECK(origin_form("/") == "/");
    CHECK(origin_form("/a?b") == "/a?b");
    CHECK(origin_form("http://h:80/a?b") == "/a?b");
    CHECK(origin_form("HTTP://[::1]/a") == "/a");
    CHECK(origin_form("https://h") == "/");
    for (const char* bad : {"", "*", "a", "h:443", "http:///a", "http://u@h/a", "ftp://h/a", "/a b",
                            "/a#b", "/a\x7f", "/a\xC3\xA4", "://h/", "http://h?q"}) {
        INFO(bad);
        CHECK(origin_form(bad).empty());
    }
}

}  // namespace ndes::http
