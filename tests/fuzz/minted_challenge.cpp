// A challenge of at most 255 characters as it stands in a request, and the claims within a minted
// one (which only a holder of the key could choose).
#include <algorithm>

#include "crp-service/challenge/challenge_codec.h"
#include "crp-service/challenge/minted_claims.h"
#include "tests/fuzz/fuzz.h"

using namespace ndes;
using fuzz::demand;

namespace {

const crp::ChallengeCodec& codec() {
    static const crp::ChallengeCodec made = [] {
        std::vector<crp::ChallengeKey> keys;
        std::vector<crp::ChallengeKey> peppers;
        keys.push_back({"k1", Secret(Bytes(32, 0x11))});
        peppers.push_back({"p1", Secret(Bytes(32, 0x22))});
        return crp::ChallengeCodec(std::move(keys), std::move(peppers));
    }();
    return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView input(data, size);
    const auto opened = codec().open(as_text(input), WallTime{});
    demand(!opened.makes_claims() || !opened.reason.empty(), "nobody mints without the key");
    const auto under_key =
        codec().open(std::string(crp::kMintedPrefix) + "k1." + std::string(as_text(input)), {});
    demand(!under_key.reason.empty(), "nobody mints without the key");
    const auto claims = crp::decode_claims(input);
    if (!claims) return 0;
    const auto encoded = crp::encode_claims(*claims);
    demand(encoded && std::ranges::equal(*encoded, input), "claims have one encoding");
    return 0;
}
