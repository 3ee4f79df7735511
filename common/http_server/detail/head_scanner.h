// HeadScanner: finds the end of a request's head (request line and fields) in octets that arrive
// bit by bit, and refuses what Beast's parser would let pass: bare CR or LF, control characters,
// folded lines, white space before the colon, and anything over the limits (RFC 9112 sections 2.2,
// 3 and 5). Knows no method or field by name. One thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace ndes::http {

struct HeadLimits {
    std::size_t target_octets;  // the request line may be this long plus method and version
    std::size_t header_octets;  // all field lines together
};

class HeadScanner {
  public:
    enum class Verdict { need_more, complete, refused };

    explicit HeadScanner(const HeadLimits& limits) : limits_(limits) {}

    // `input` begins with the request's first octet and has at least what was given before.
    Verdict scan(std::string_view input);

    std::size_t head_octets() const { return position_; }  // once complete
    int status() const { return status_; }                 // once refused: 400, 414 or 431

  private:
    enum class Place { line_start, request_line, field_name, field_value, line_end, head_end };

    bool accept(char c);
    bool accept_line_start(char c);
    bool accept_field_name(char c);
    bool within_limits();
    bool refuse(int status);

    HeadLimits limits_;
    Place place_ = Place::request_line;
    std::size_t position_ = 0;
    std::size_t request_line_octets_ = 0;
    std::size_t header_octets_ = 0;
    std::size_t fields_ = 0;
    bool in_fields_ = false;
    bool complete_ = false;
    int status_ = 0;
};

}  // namespace ndes::http
