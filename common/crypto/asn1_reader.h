// ASN.1 reader: walks BER and DER (X.690) octets within fixed bounds, without allocating.
// Knows the encoding rules and no message; runs on hostile octets before any other parser.
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/bytes.h"
#include "common/error.h"

namespace ndes {

// X.690 section 8.1.2.2: the class bits of an identifier octet.
enum class Asn1Class : std::uint8_t { universal = 0, application = 1, context = 2, personal = 3 };

// Identifier and length octets of one element.
struct Asn1Header {
    Asn1Class tag_class = Asn1Class::universal;
    bool constructed = false;
    std::uint8_t tag = 0;     // 0..30; multi-octet tags occur in none of our messages
    bool indefinite = false;  // X.690 section 8.1.3.6: contents end at 00 00
    std::size_t size = 0;     // octets of the header itself
    std::size_t length = 0;   // octets of the contents; 0 when indefinite

    bool is(std::uint8_t universal_tag) const {
        return tag_class == Asn1Class::universal && tag == universal_tag;
    }
    bool is_context(std::uint8_t number) const {
        return tag_class == Asn1Class::context && tag == number;
    }
};

// Deepest nesting accepted; the messages read here need at most 14.
inline constexpr int kAsn1MaxDepth = 16;

// Reads the header at the start of `data`. Absent when it is cut short, uses a multi-octet tag or
// a reserved length form, is an indefinite primitive, or claims more contents than `data` holds.
std::optional<Asn1Header> read_asn1_header(ByteView data);

// True if `data` is exactly one DER element: definite shortest lengths, primitive strings, shortest
// INTEGERs and OIDs, BOOLEAN 00 or FF, no unused bits set, sorted universal SETs, text limited to
// the type's characters, nesting up to kAsn1MaxDepth. Linear time. What a tag hides (OCTET STRING
// contents, order of an IMPLICIT SET) is for the caller to check.
bool is_der(ByteView data);

}  // namespace ndes
