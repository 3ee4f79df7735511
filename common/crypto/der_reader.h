// DerReader: takes elements one by one off octets that are DER, or at least of definite lengths.
// Knows the shape of elements and no message. Views live as long as the octets; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/bytes.h"
#include "common/crypto/asn1_reader.h"

namespace ndes {

// Identifier octets (X.690 section 8.1.2) of the types that are read here.
inline constexpr std::uint8_t kDerBoolean = 0x01;
inline constexpr std::uint8_t kDerInteger = 0x02;
inline constexpr std::uint8_t kDerBitString = 0x03;
inline constexpr std::uint8_t kDerOctetString = 0x04;
inline constexpr std::uint8_t kDerNull = 0x05;
inline constexpr std::uint8_t kDerOid = 0x06;
inline constexpr std::uint8_t kDerUtf8String = 0x0C;
inline constexpr std::uint8_t kDerSequence = 0x30;
inline constexpr std::uint8_t kDerSet = 0x31;

// Universal types at or above this are constructed.
inline constexpr std::uint8_t kDerConstructed = 0x20;

// [number], constructed or primitive.
constexpr std::uint8_t der_context(std::uint8_t number, bool constructed) {
    return static_cast<std::uint8_t>((constructed ? 0xA0U : 0x80U) | number);
}

struct DerElement {
    std::uint8_t identifier = 0;
    ByteView whole;
    ByteView contents;
};

class DerReader {
  public:
    explicit DerReader(ByteView octets) : rest_(octets) {}

    bool empty() const { return rest_.empty(); }

    // The next element, whatever it is. Absent at the end, and when it is cut short or has an
    // indefinite length; then nothing is taken.
    std::optional<DerElement> next();
    // The next element if its identifier octet is this one; else absent, and nothing is taken.
    std::optional<DerElement> take(std::uint8_t identifier);

  private:
    ByteView rest_;
};

// The contents of `octets` if they are one element of this identifier and nothing else.
std::optional<ByteView> der_contents(ByteView octets, std::uint8_t identifier);

// Octets of a BIT STRING's contents that has no unused bits; absent otherwise.
std::optional<ByteView> whole_octets(ByteView bit_string);

// "1.2.840.113549" of an OBJECT IDENTIFIER's contents. "" when it is not well-formed, has more
// than 64 octets or an arc above 2^63, as no registered one has.
std::string dotted_oid(ByteView contents);

}  // namespace ndes
