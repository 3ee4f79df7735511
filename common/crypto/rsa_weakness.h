// Weak RSA keys: moduli whose private key anybody can compute, as far as that is cheap to see.
// Pure function; any thread.
#pragma once

#include <string_view>

#include "common/bytes.h"

namespace ndes {

// Longest modulus that is looked at.
inline constexpr int kMostRsaBits = 4096;

// What makes the modulus (big-endian) weak; "" if none of these is found:
//  - a prime factor below 752, two among them (NIST SP 800-56B section 6.4.1.2; CA/Browser Forum
//    BR section 6.1.6);
//  - primes so close that 100 rounds of Fermat's factorisation part them (BR section 6.1.1.3);
//  - the fingerprint of Infineon's RSALib: every residue is a power of 65537 (ROCA,
//    CVE-2017-15361). A good key has it with probability 2^-83.
// Debian's weak keys of 2008 (CVE-2008-0166) would need a list of a million hashes and are not
// looked for. Costs about 15 µs for 2048 bits.
std::string_view rsa_weakness(ByteView modulus);

}  // namespace ndes
