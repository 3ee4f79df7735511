// RequestReader: turns the octets of one connection into one request after another. Everything that
// makes two parsers see different requests is refused here (RFC 9112 section 11.2, smuggling).
// Does no I/O and reads no clock. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "common/http_server/detail/chunked_decoder.h"
#include "common/http_server/detail/head_scanner.h"
#include "common/http_server/detail/request_head.h"
#include "common/http_server/http_message.h"

namespace ndes::http {

struct ReaderLimits {
    HeadLimits head;
    std::size_t body_octets;
};

class RequestReader {
  public:
    enum class Verdict {
        need_more,      // all input was looked at
        send_continue,  // the client waits for "100 Continue" before it sends the body; call again
        complete,       // `request` is whole
        refused,        // answer status() and close
    };

    explicit RequestReader(const ReaderLimits& limits) : limits_(limits), scanner_(limits.head) {}

    // `input`: what has arrived and was not used yet. `used`: how much of it may be thrown away
    // now.
    Verdict read(std::string_view input, Request& request, std::size_t& used);

    // Makes ready for the next request.
    void reset();

    int status() const { return status_; }
    bool has_head() const { return part_ == Part::body; }  // all of `request` but its body is set
    bool keep_alive() const { return facts_.keep_alive; }
    bool is_http10() const { return facts_.is_http10; }

  private:
    enum class Part { before_head, head, body };

    Verdict read_head(std::string_view input, Request& request, std::size_t& used);
    Verdict judge_body();
    Verdict read_body(std::string_view input, Request& request, std::size_t& used);
    Verdict refuse(int status);

    ReaderLimits limits_;
    HeadScanner scanner_;
    HeadFacts facts_;
    std::optional<ChunkedDecoder> chunks_;
    Part part_ = Part::before_head;
    int status_ = 0;
};

}  // namespace ndes::http
