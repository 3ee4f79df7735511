// BerElements: steps through the elements of a BER encoding (X.690 section 8), whose nesting was
// checked first. Clients send indefinite lengths, so that DER cannot be demanded here.
// Knows no message. Views into the caller's octets; any thread.
#pragma once

#include <optional>

#include "common/bytes.h"
#include "common/crypto/asn1_reader.h"

namespace ndes {

// True if `data` is exactly one well-formed BER element nested at most kAsn1MaxDepth deep.
// Linear time, constant memory.
bool is_ber(ByteView data);

struct BerElement {
    Asn1Header header;
    ByteView contents;  // without end-of-contents octets
};

class BerElements {
  public:
    // `contents`: of an element for which is_ber held, directly or further up.
    explicit BerElements(ByteView contents) : rest_(contents) {}

    bool done() const { return rest_.empty(); }

    // The next element; absent at the end.
    std::optional<BerElement> take();

    // The contents of the next element if it has this universal tag and form; absent, and nothing
    // taken, otherwise.
    std::optional<ByteView> take(std::uint8_t universal_tag);
    // The same for a constructed element with context tag [number].
    std::optional<ByteView> take_context(std::uint8_t number);

  private:
    ByteView rest_;
};

}  // namespace ndes
