#include "common/http_server/detail/response_text.h"

#include <algorithm>
#include <array>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>

#include "common/http_server/detail/status_codes.h"

namespace ndes::http {
namespace {

constexpr std::array<std::string_view, 5> kOwnHeaders = {"connection", "content-length",
                                                         "transfer-encoding", "date", "server"};

std::string_view reason_of(int status) {
    const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
    const auto reason = boost::beast::http::obsolete_reason(known);
    return {reason.data(), reason.size()};
}

bool is_own_header(std::string_view name) {
    return std::any_of(kOwnHeaders.begin(), kOwnHeaders.end(), [&](std::string_view own) {
        return boost::beast::iequals({own.data(), own.size()}, {name.data(), name.size()});
    });
}

bool is_value(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto octet = static_cast<unsigned char>(c);
        return (octet < 0x20 && octet != '\t') || octet == 0x7F;
    });
}

bool is_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return c > ' ' && c <= '~' && c != ':'; });
}

bool can_be_written(const Response& response) {
    const auto is_header = [](const auto& header) {
        return is_name(header.first) && is_value(header.second);
    };
    return response.status >= 200 && response.status <= 599 && is_value(response.content_type) &&
           std::all_of(response.headers.begin(), response.headers.end(), is_header);
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

void write_response(const Response& response, const ResponseFraming& framing, std::string& out) {
    if (!can_be_written(response)) {
        Response broken;
        broken.status = kInternalError;
        return write_response(broken, framing, out);
    }
    out.assign("HTTP/1.1 ").append(std::to_string(response.status)).append(" ");
    out.append(reason_of(response.status)).append("\r\n");
    append_header(out, "Date", framing.date);
    if (!framing.server_name.empty()) append_header(out, "Server", framing.server_name);
    if (!response.content_type.empty()) append_header(out, "Content-Type", response.content_type);
    for (const auto& [name, value] : response.headers) {
        if (!is_own_header(name)) append_header(out, name, value);
    }
    // RFC 9110 section 8.6: no Content-Length in 204; in 304 it would describe another body.
    const bool has_body = response.status != kNoContent && response.status != kNotModified;
    if (has_body) append_header(out, "Content-Length", std::to_string(response.body.size()));
    if (!framing.keep_alive) append_header(out, "Connection", "close");
    if (framing.keep_alive && framing.is_http10) append_header(out, "Connection", "keep-alive");
    out.append("\r\n");
    if (has_body && !framing.answers_head) out.append(response.body);
}

Response transport_answer(int status) {
    Response answer;
    answer.status = status;
    answer.content_type = "text/plain";
    answer.body.append(reason_of(status)).append("\n");
    if (status == kMethodNotAllowed) {
        answer.headers.emplace_back("Allow", "GET, HEAD, POST, PUT, DELETE");
    }
    if (status == kUnavailable) answer.headers.emplace_back("Retry-After", "1");
    return answer;
}

}  // namespace ndes::http
