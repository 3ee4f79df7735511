// Random: where every part of the product gets random octets and identifiers from.
// Any thread.
#pragma once

#include <cstddef>
#include <string>

#include "common/bytes.h"
#include "common/clock.h"

namespace ndes {

class Random {
  public:
    virtual ~Random() = default;
    // Cryptographically strong octets. Never fails: the process ends if the system has none.
    virtual Bytes bytes(std::size_t count) = 0;
};

// OpenSSL's generator. Lives for the whole process.
Random& system_random();

// UUID version 7 (RFC 9562 section 5.7): sorts by time, 74 random bits. Lower-case with hyphens.
std::string make_uuid(const Clock& clock, Random& random);

}  // namespace ndes
