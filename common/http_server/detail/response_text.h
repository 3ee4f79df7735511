// Writes a Response as HTTP/1.1 octets (RFC 9112 section 4), header and body in one piece.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/http_server/http_message.h"

namespace ndes::http {

// What the connection adds to the handler's answer.
struct ResponseFraming {
    bool answers_head = false;  // Content-Length is that of the body, which is left out
    bool keep_alive = true;
    bool is_http10 = false;        // says "keep-alive" in words
    std::string_view date;         // IMF-fixdate
    std::string_view server_name;  // empty: no Server header
};

// Replaces `out`. A response that cannot be written without breaking the framing (status outside
// 200 to 599, control character in a header) is written as an empty 500.
void write_response(const Response& response, const ResponseFraming& framing, std::string& out);

// One line of text for an answer made by the transport itself.
Response transport_answer(int status);

}  // namespace ndes::http
