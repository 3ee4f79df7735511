// A sealed challenge: CMS of an MDM, its envelope, and the claims inside. All three are fed with
// the same octets, since a changed message seldom gets past its signature.
#include "crp-service/challenge/sealed_claims.h"
#include "crp-service/challenge/sealed_reader.h"
#include "tests/fuzz/fuzz.h"

using namespace ndes;
using fuzz::demand;

namespace {

std::vector<CmsRecipient> recipients() {
    std::vector<CmsRecipient> made;
    made.push_back({"test", fuzz::test_certificate(), fuzz::test_key()});
    return made;
}

const crp::SealedReader& reader() {
    static const crp::SealedReader made = [] {
        std::vector<crp::SealedSigner> signers(1);
        signers[0].owner = "mdm";
        signers[0].certificates = {fuzz::test_certificate()};
        return crp::SealedReader(std::move(signers), recipients());
    }();
    return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::vector<CmsRecipient> known = recipients();
    static const WallTime now = fuzz::test_certificate().not_before() + std::chrono::hours(1);
    const ByteView input(data, size);
    const auto opened = reader().open(to_base64(input), now);
    demand(opened.reason.empty() == opened.sealed.has_value(), "claims, or a reason why not");
    const auto envelope = open_cms_envelope(input, known, CmsLimits{});
    demand(!envelope || envelope->recipient == known.data(), "opened with a key of ours");
    const auto claims = crp::read_sealed_claims(as_text(input));
    if (!claims) {
        demand(!claims.error().reason.empty(), "claims, or a reason why not");
        return 0;
    }
    demand(claims->challenge_id.size() >= crp::kShortestSealedId, "an ID that cannot be guessed");
    demand(claims->not_before <= claims->expires_at &&
               claims->expires_at - claims->not_before <= crp::kLongestSealedLifetime,
           "a lifetime within the bounds");
    return 0;
}
