#include "common/http_server/detail/head_scanner.h"

#include "common/http_server/detail/status_codes.h"

namespace ndes::http {
namespace {

// The longest method we know, two spaces and "HTTP/1.1" are 17 octets; unknown methods get room.
constexpr std::size_t kMethodAndVersionOctets = 64;
constexpr std::size_t kMaxFields = 100;
// Counted with the fields because they come after the request line's CR, yet none of them.
constexpr std::size_t kLineFeedAndEmptyLine = 3;

// RFC 9110 section 5.5: a field value has no control character but HTAB.
bool is_control(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet < 0x20 && octet != '\t') || octet == 0x7F;
}

}  // namespace

HeadScanner::Verdict HeadScanner::scan(std::string_view input) {
    while (!complete_ && status_ == 0 && position_ < input.size()) {
        const char c = input[position_++];
        if (accept(c)) within_limits();
    }
    if (status_ != 0) return Verdict::refused;
    return complete_ ? Verdict::complete : Verdict::need_more;
}

bool HeadScanner::accept(char c) {
    switch (place_) {
        case Place::line_start: return accept_line_start(c);
        case Place::field_name: return accept_field_name(c);
        case Place::request_line:
        case Place::field_value:
            if (c == '\r') {
                place_ = Place::line_end;
                return true;
            }
            return !is_control(c) || refuse(kBadRequest);
        case Place::line_end:
            place_ = Place::line_start;
            in_fields_ = true;
            return c == '\n' || refuse(kBadRequest);
        case Place::head_end: complete_ = c == '\n'; return complete_ || refuse(kBadRequest);
    }
    return refuse(kBadRequest);
}

bool HeadScanner::accept_line_start(char c) {
    if (c == '\r') {
        place_ = Place::head_end;
        return true;
    }
    // RFC 9112 section 5.2: a server must refuse a folded line or undo the fold; we refuse.
    if (c == ' ' || c == '\t' || c == ':') return refuse(kBadRequest);
    if (++fields_ > kMaxFields) return refuse(kHeaderTooLarge);
    place_ = Place::field_name;
    return accept_field_name(c);
}

bool HeadScanner::accept_field_name(char c) {
    if (c == ':') {
        place_ = Place::field_value;
        return true;
    }
    // RFC 9112 section 5.1: "No whitespace is allowed between the field name and colon."
    return (!is_control(c) && c != ' ' && c != '\t') || refuse(kBadRequest);
}

bool HeadScanner::within_limits() {
    if (!in_fields_) {
        ++request_line_octets_;
        return request_line_octets_ <= limits_.target_octets + kMethodAndVersionOctets ||
               refuse(kTargetTooLong);
    }
    return ++header_octets_ <= limits_.header_octets + kLineFeedAndEmptyLine ||
           refuse(kHeaderTooLarge);
}

bool HeadScanner::refuse(int status) {
    status_ = status;
    return false;
}

}  // namespace ndes::http
