// What fuzz targets have in common. A target feeds one reader with octets of a stranger and demands
// what the reader's header promises; a broken promise ends the process, as a crash does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "common/bytes.h"
#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace ndes::fuzz {

inline void demand(bool holds, const char* promise) {
    if (holds) return;
    std::fprintf(stderr, "broken promise: %s\n", promise);
    std::abort();
}

// The throw-away pair of tests/testdata/scep, to which the captured messages are encrypted.
const Certificate& test_certificate();
EvpPkeyPtr test_key();

}  // namespace ndes::fuzz
