// Path and query of a request, and the message in the query of a SCEP GET.
#include "common/http_server/url.h"
#include "scep-server/http/scep_request.h"
#include "tests/fuzz/fuzz.h"

using namespace ndes;
using fuzz::demand;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kLimit = 64 * 1024;
    const std::string_view text = as_text({data, size});
    if (const auto decoded = http::percent_decode(text)) {
        demand(http::percent_decode(http::percent_encode(*decoded)) == *decoded,
               "what is encoded is decoded the same");
        static_cast<void>(scep::is_scep_path("/certsrv/mscep/", *decoded));
    }
    if (const auto segments = http::decode_segments(text)) {
        std::string joined;
        for (const std::string& segment : *segments)
            joined += "/" + http::percent_encode(segment);
        demand(segments->empty() || http::decode_segments(joined) == *segments,
               "segments joined are split the same");
    }
    static_cast<void>(http::parse_query(text));
    if (const auto query = scep::read_scep_query(text)) {
        demand(query->has_message || query->message.empty(), "a message is one that was given");
        const auto message = scep::decode_get_message(query->message, kLimit);
        demand(!message || message->size() <= kLimit, "a message is within its limit");
    }
    static_cast<void>(scep::decode_get_message(text, kLimit));
    return 0;
}
