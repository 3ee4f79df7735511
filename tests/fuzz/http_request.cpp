// HTTP requests on one connection: head, length, chunks. However the octets arrive, at once or one
// by one, the same requests are read: the promise whose breach is request smuggling.
#include <algorithm>
#include <vector>

#include "common/http_server/detail/request_reader.h"
#include "tests/fuzz/fuzz.h"

using namespace ndes;
using fuzz::demand;
using http::RequestReader;

namespace {

struct Reading {
    std::vector<http::Request> requests;
    int refused = 0;  // status of the refusal that ended it
    bool operator==(const Reading& other) const;
};

bool same(const http::Request& a, const http::Request& b) {
    return a.method == b.method && a.target == b.target && a.path == b.path && a.query == b.query &&
           a.headers == b.headers && a.body == b.body;
}

bool Reading::operator==(const Reading& other) const {
    return refused == other.refused && std::ranges::equal(requests, other.requests, same);
}

// As a connection does it: what was not used stays in front of what comes next.
Reading read_in_pieces(std::string_view input, std::size_t piece) {
    RequestReader reader({{256, 512}, 1024});
    Reading reading;
    http::Request request;
    std::string buffer;
    while (!input.empty() || !buffer.empty()) {
        std::size_t used = 0;
        const auto verdict = reader.read(buffer, request, used);
        demand(used <= buffer.size(), "no more is used than was given");
        buffer.erase(0, used);
        if (verdict == RequestReader::Verdict::refused) {
            reading.refused = reader.status();
            break;
        }
        if (verdict == RequestReader::Verdict::send_continue) continue;
        if (verdict == RequestReader::Verdict::complete) {
            demand(request.body.size() <= 1024, "a body is within its limit");
            demand(request.target.starts_with('/'), "a target begins with '/'");
            reading.requests.push_back(request);
            if (!reader.keep_alive()) break;
            reader.reset();
            continue;
        }
        if (input.empty()) break;
        buffer.append(input.substr(0, piece));
        input.remove_prefix(std::min(piece, input.size()));
    }
    return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kLongest = 8 * 1024;
    const std::string_view input = as_text({data, std::min(size, kLongest)});
    const Reading whole = read_in_pieces(input, kLongest);
    demand(whole == read_in_pieces(input, 1), "octets one by one are read the same");
    demand(whole == read_in_pieces(input, 7), "octets in pieces are read the same");
    return 0;
}
