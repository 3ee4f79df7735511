// A PKCS#10 request: what we accept, OpenSSL accepts with the same meaning (as csr_differential).
#include "common/crypto/csr.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/crypto/csr_facts.h"

using namespace ndes;
using fuzz::demand;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto request = parse_csr({data, size});
    if (!request) return 0;
    const auto theirs = test::read_by_openssl({data, size});
    demand(theirs.has_value(), "OpenSSL reads what we accept");
    demand(theirs->facts == test::facts_by_us(*request), "OpenSSL reads the same as we do");
    demand(theirs->verified || !verify_self_signature(*request),
           "a signature that we take for good is good to OpenSSL");
    return 0;
}
