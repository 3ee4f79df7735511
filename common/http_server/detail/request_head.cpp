#include "common/http_server/detail/request_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "common/http_server/detail/status_codes.h"
#include "common/http_server/url.h"

namespace ndes::http {
namespace {

namespace beast = boost::beast;
using beast::http::field;
using beast::http::verb;

constexpr int kHttp11 = 11;

constexpr std::array kServedMethods = {verb::get, verb::head, verb::post, verb::put, verb::delete_};

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

bool equals_ignoring_case(std::string_view a, std::string_view b) {
    return beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

void assign_lower(std::string& name, std::string_view text) {
    name.resize(text.size());
    std::transform(text.begin(), text.end(), name.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
}

// RFC 9112 section 3.2: a value that is no uri-host [":" port] is answered 400. Empty is allowed.
bool is_host_value(std::string_view host) {
    return std::all_of(host.begin(), host.end(), [](char c) {
        return c > ' ' && c <= '~' && std::string_view("/?#@,\\\"<>").find(c) == std::string::npos;
    });
}

class HeadParser final : public beast::http::basic_parser<true> {
  public:
    HeadParser(std::size_t target_octets, Request& request)
        : target_octets_(target_octets), request_(request) {
        header_limit(std::numeric_limits<std::uint32_t>::max());  // HeadScanner's matter
        // RequestReader's matter. Not boost::none: Beast 1.74 takes every length for over that.
        body_limit(std::numeric_limits<std::uint64_t>::max());
    }

    HeadFacts read(std::string_view head);

  private:
    using ErrorCode = beast::error_code;

    void on_request_impl(verb method, beast::string_view method_text, beast::string_view target,
                         int version, ErrorCode& ec) override;
    void on_field_impl(field name, beast::string_view name_text, beast::string_view value,
                       ErrorCode& ec) override;
    void on_header_impl(ErrorCode& ec) override;

    void on_response_impl(int, beast::string_view, int, ErrorCode&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
    std::size_t on_body_impl(beast::string_view, ErrorCode&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, beast::string_view, ErrorCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view, ErrorCode&) override {
        return 0;
    }
    void on_finish_impl(ErrorCode&) override {}

    int judge_method(verb method) const;
    int take_target(std::string_view target);
    int take_content_length(std::string_view value);
    int take_transfer_encoding(std::string_view value);
    int take_host(std::string_view value);
    int take_expect(std::string_view value);
    int join(std::string_view name, std::string_view value);
    void settle(int status, ErrorCode& ec);

    std::size_t target_octets_;
    Request& request_;
    HeadFacts facts_;
    int version_ = 0;
    bool has_host_ = false;
    std::string name_;
};

HeadFacts HeadParser::read(std::string_view head) {
    ErrorCode ec;
    put(boost::asio::const_buffer(head.data(), head.size()), ec);
    if (ec && facts_.refusal == 0) facts_.refusal = kBadRequest;
    if (ec == beast::http::error::bad_version) {
        // "HTTP/9.9" is a version we do not speak; no version, or another word, is malformed.
        const auto line = head.substr(0, head.find('\r'));
        const auto word = line.substr(line.rfind(' ') + 1);
        const bool well_formed = word.size() == 8 && word.starts_with("HTTP/") &&
                                 std::isdigit(static_cast<unsigned char>(word[5])) != 0 &&
                                 word[6] == '.' &&
                                 std::isdigit(static_cast<unsigned char>(word[7])) != 0;
        if (well_formed) facts_.refusal = kVersionNotSupported;
    }
    if (facts_.refusal == 0) facts_.keep_alive = keep_alive();
    return facts_;
}

void HeadParser::on_request_impl(verb method, beast::string_view method_text,
                                 beast::string_view target, int version, ErrorCode& ec) {
    version_ = version;
    facts_.is_http10 = version < kHttp11;
    request_.method.assign(method_text.data(), method_text.size());
    int status = judge_method(method);
    if (status == 0) status = take_target(view(target));
    settle(status, ec);
}

int HeadParser::judge_method(verb method) const {
    if (method == verb::unknown) return kNotImplemented;
    const bool served =
        std::find(kServedMethods.begin(), kServedMethods.end(), method) != kServedMethods.end();
    return served ? 0 : kMethodNotAllowed;
}

int HeadParser::take_target(std::string_view target) {
    if (target.size() > target_octets_) return kTargetTooLong;
    const auto origin = origin_form(target);
    if (origin.empty()) return kBadRequest;
    const auto question_mark = origin.find('?');
    auto path = percent_decode(origin.substr(0, question_mark));
    if (!path) return kBadRequest;
    request_.target = origin;
    request_.path = std::move(*path);
    request_.query.clear();
    if (question_mark != std::string_view::npos) request_.query = origin.substr(question_mark + 1);
    return 0;
}

void HeadParser::on_field_impl(field name, beast::string_view name_text, beast::string_view value,
                               ErrorCode& ec) {
    int status = 0;
    switch (name) {
        case field::host: status = take_host(view(value)); break;
        case field::content_length: status = take_content_length(view(value)); break;
        case field::transfer_encoding: status = take_transfer_encoding(view(value)); break;
        case field::expect: status = take_expect(view(value)); break;
        default: break;
    }
    if (status == 0) status = join(view(name_text), view(value));
    settle(status, ec);
}

int HeadParser::take_host(std::string_view value) {
    if (has_host_ || !is_host_value(value)) return kBadRequest;
    has_host_ = true;
    return 0;
}

// RFC 9110 section 8.6: 1*DIGIT. Lists of equal values, which Beast takes, are refused.
int HeadParser::take_content_length(std::string_view value) {
    if (facts_.has_length || facts_.chunked || value.empty()) return kBadRequest;
    const char* const end = value.data() + value.size();
    const auto [stopped, error] = std::from_chars(value.data(), end, facts_.content_length);
    if (error != std::errc() || stopped != end) return kBadRequest;
    facts_.has_length = true;
    return 0;
}

// RFC 9112 section 6.1 and 6.3: `chunked` must be the last coding, else the length of the request
// is unknown (400); codings before it are not served (501); HTTP/1.0 has none.
int HeadParser::take_transfer_encoding(std::string_view value) {
    if (facts_.has_length || facts_.chunked || version_ < kHttp11) return kBadRequest;
    if (equals_ignoring_case(value, "chunked")) {
        facts_.chunked = true;
        return 0;
    }
    const auto comma = value.rfind(',');
    if (comma == std::string_view::npos) return kBadRequest;
    auto last = value.substr(comma + 1);
    last.remove_prefix(std::min(last.find_first_not_of(" \t"), last.size()));
    return equals_ignoring_case(last, "chunked") ? kNotImplemented : kBadRequest;
}

// RFC 9110 section 10.1.1: ignored in HTTP/1.0; anything but 100-continue cannot be met.
int HeadParser::take_expect(std::string_view value) {
    if (version_ < kHttp11) return 0;
    if (!equals_ignoring_case(value, "100-continue")) return kExpectationFailed;
    facts_.expects_continue = true;
    return 0;
}

// RFC 9110 section 5.2: fields of one name are one list.
int HeadParser::join(std::string_view name, std::string_view value) {
    assign_lower(name_, name);
    for (auto& [known_name, known_value] : request_.headers) {
        if (known_name != name_) continue;
        known_value.append(", ").append(value);
        return 0;
    }
    request_.headers.emplace_back(name_, value);
    return 0;
}

void HeadParser::on_header_impl(ErrorCode& ec) {
    // RFC 9112 section 3.2: a 1.1 request without Host is answered 400.
    settle(version_ >= kHttp11 && !has_host_ ? kBadRequest : 0, ec);
}

void HeadParser::settle(int status, ErrorCode& ec) {
    if (status == 0) return;
    facts_.refusal = status;
    ec = beast::http::error::bad_value;  // stops the parser; the status is what counts
}

bool is_target_character(char c) { return c > ' ' && c <= '~' && c != '#'; }

}  // namespace

HeadFacts read_request_head(std::string_view head, std::size_t target_octets, Request& request) {
    request.headers.clear();
    request.body.clear();
    return HeadParser(target_octets, request).read(head);
}

std::string_view origin_form(std::string_view target) {
    if (!std::all_of(target.begin(), target.end(), is_target_character)) return {};
    if (target.starts_with('/')) return target;
    const auto scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return {};
    const auto scheme = target.substr(0, scheme_end);
    if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) return {};
    target.remove_prefix(scheme_end + 3);
    const auto path = target.find_first_of("/?");
    const auto authority = target.substr(0, path);
    if (authority.empty() || !is_host_value(authority)) return {};
    if (path == std::string_view::npos) return "/";
    return target[path] == '/' ? target.substr(path) : std::string_view();
}

}  // namespace ndes::http
