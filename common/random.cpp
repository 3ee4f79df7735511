#include "common/random.h"

#include <cstdlib>

#include <openssl/rand.h>

namespace ndes {
namespace {

class SystemRandom final : public Random {
  public:
    Bytes bytes(std::size_t count) override {
        Bytes octets(count);
        // Anything made of octets that are not random would be a hole; there is no way to go on.
        if (::RAND_bytes_ex(nullptr, octets.data(), count, 0) != 1) std::abort();
        return octets;
    }
};

}  // namespace

Random& system_random() {
    static SystemRandom random;
    return random;
}

std::string make_uuid(const Clock& clock, Random& random) {
    // RFC 9562 section 5.7: 48 bits of Unix milliseconds, version, 12 random bits, variant,
    // 62 random bits.
    Bytes uuid = random.bytes(16);
    const auto ms = static_cast<std::uint64_t>(to_unix_ms(clock.now()));
    for (std::size_t i = 0; i < 6; ++i)
        uuid[i] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0FU) | 0x70U);
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3FU) | 0x80U);
    std::string text = to_hex(uuid);
    for (const std::size_t hyphen : {20U, 16U, 12U, 8U})
        text.insert(hyphen, 1, '-');
    return text;
}

}  // namespace ndes
