// RequestHead: what the head of one request says, read by Beast's parser from octets that
// HeadScanner has passed, and judged by the rules of RFC 9110 and 9112 that Beast leaves to us.
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/http_server/http_message.h"

namespace ndes::http {

struct HeadFacts {
    int refusal = 0;  // status to answer before closing; 0: none
    bool is_http10 = false;
    bool keep_alive = false;
    bool expects_continue = false;
    bool chunked = false;
    bool has_length = false;
    std::uint64_t content_length = 0;
};

// Reads `head` (it ends with the empty line) into `request`, whose strings are reused.
// `target_octets`: limit of the request target.
HeadFacts read_request_head(std::string_view head, std::size_t target_octets, Request& request);

// The origin form ("/path?query") of a request target in origin or absolute form (RFC 9112 section
// 3.2), empty if it is neither or has a character that no URI has. The view is into `target`,
// except for an absolute form without path, which is "/".
std::string_view origin_form(std::string_view target);

}  // namespace ndes::http
