// ChunkedDecoder: the chunked transfer coding (RFC 9112 section 7.1), strictly. Extensions are
// skipped and trailer fields discarded, both within a limit. Written here because Beast 1.74's own
// decoder asserts on a final chunk that arrives in pieces and takes a bare LF in an extension.
// One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ndes::http {

class ChunkedDecoder {
  public:
    explicit ChunkedDecoder(std::size_t body_limit) : body_limit_(body_limit) {}

    // Appends decoded octets to `body` and returns how many of `input` it used: all of them unless
    // the body is complete or refused.
    std::size_t feed(std::string_view input, std::string& body);

    bool complete() const { return place_ == Place::complete; }
    int status() const { return status_; }  // 0, or 400 or 413 once refused

  private:
    enum class Place {
        size_start,
        size,
        extension,
        size_end,
        data,
        data_end,
        data_end_lf,
        trailer_start,
        trailer,
        trailer_end,
        last_lf,
        complete,
    };

    void accept(char c);
    void accept_size(char c);
    void end_size_line();
    void accept_trailer(char c);
    void count_overhead();
    void refuse(int status);

    std::size_t body_limit_;
    std::size_t body_octets_ = 0;
    std::size_t overhead_octets_ = 0;
    std::uint64_t chunk_left_ = 0;
    Place place_ = Place::size_start;
    int status_ = 0;
};

}  // namespace ndes::http
