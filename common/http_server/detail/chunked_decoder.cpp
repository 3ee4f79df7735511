#include "common/http_server/detail/chunked_decoder.h"

#include <algorithm>

#include "common/digits.h"
#include "common/http_server/detail/status_codes.h"

namespace ndes::http {
namespace {

// What sizes, extensions and trailers may add: enough for a body in chunks of a few octets, and a
// bound for one that is all framing.
constexpr std::size_t kOverheadOctets = 16UL * 1024;
constexpr std::size_t kOverheadPerBodyOctet = 5;

// Larger sizes are over every limit; stopping here keeps the sum from overflowing.
constexpr std::uint64_t kMostBeforeNextDigit = (std::uint64_t{1} << 56U) - 1;

bool is_line_text(char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet >= 0x20 && octet != 0x7F) || octet == '\t';
}

}  // namespace

std::size_t ChunkedDecoder::feed(std::string_view input, std::string& body) {
    std::size_t used = 0;
    while (used < input.size() && status_ == 0 && !complete()) {
        if (place_ != Place::data) {
            accept(input[used++]);
            continue;
        }
        const auto take =
            static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, input.size() - used));
        body.append(input.substr(used, take));
        used += take;
        chunk_left_ -= take;
        if (chunk_left_ == 0) place_ = Place::data_end;
    }
    return used;
}

void ChunkedDecoder::accept(char c) {
    count_overhead();
    const auto expect = [&](char wanted, Place next) {
        if (c != wanted) return refuse(kBadRequest);
        place_ = next;
    };
    switch (place_) {
        case Place::size_start:
        case Place::size: return accept_size(c);
        case Place::extension: return is_line_text(c) ? void() : expect('\r', Place::size_end);
        case Place::size_end: return c == '\n' ? end_size_line() : refuse(kBadRequest);
        case Place::data_end: return expect('\r', Place::data_end_lf);
        case Place::data_end_lf: return expect('\n', Place::size_start);
        case Place::trailer_start:
        case Place::trailer: return accept_trailer(c);
        case Place::trailer_end: return expect('\n', Place::trailer_start);
        case Place::last_lf: return expect('\n', Place::complete);
        case Place::data:
        case Place::complete: return refuse(kBadRequest);
    }
}

void ChunkedDecoder::accept_size(char c) {
    const int digit = hex_digit_value(c);
    if (digit >= 0) {
        if (chunk_left_ > kMostBeforeNextDigit) return refuse(kBodyTooLarge);
        chunk_left_ = chunk_left_ * 16 + static_cast<unsigned>(digit);
        place_ = Place::size;
    } else if (place_ == Place::size && c == ';') {
        place_ = Place::extension;
    } else if (place_ == Place::size && c == '\r') {
        place_ = Place::size_end;
    } else {
        refuse(kBadRequest);
    }
}

void ChunkedDecoder::end_size_line() {
    if (chunk_left_ == 0) {
        place_ = Place::trailer_start;
        return;
    }
    if (chunk_left_ > body_limit_ - body_octets_) return refuse(kBodyTooLarge);
    body_octets_ += static_cast<std::size_t>(chunk_left_);
    place_ = Place::data;
}

void ChunkedDecoder::accept_trailer(char c) {
    if (c == '\r') {
        place_ = place_ == Place::trailer_start ? Place::last_lf : Place::trailer_end;
        return;
    }
    if (!is_line_text(c)) return refuse(kBadRequest);
    place_ = Place::trailer;
}

void ChunkedDecoder::count_overhead() {
    if (++overhead_octets_ > kOverheadOctets + kOverheadPerBodyOctet * body_octets_) {
        refuse(kBodyTooLarge);
    }
}

void ChunkedDecoder::refuse(int status) { status_ = status; }

}  // namespace ndes::http
