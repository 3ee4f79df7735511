// ChallengeService: makes the promise that an enrolment later redeems: checks an order against the
// MDM's records, mints or takes over the challenge, records it, and answers a repeated call with
// what it answered before.
// Knows no HTTP or JSON; the caller renders the answer. Immutable; any thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "common/clock.h"
#include "common/error.h"
#include "common/random.h"
#include "crp-service/challenge/challenge_codec.h"
#include "crp-service/domain/challenge.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

inline constexpr std::chrono::seconds kShortestChallengeTtl{60};
inline constexpr std::chrono::seconds kLongestChallengeTtl{30 * 24 * 3600};
inline constexpr std::size_t kMostChallengesPerCall = 500;
inline constexpr std::size_t kShortestPostedChallenge = 8;
inline constexpr std::size_t kLongestPostedChallenge = 255;

// One challenge as asked for.
struct ChallengeOrder {
    std::string field_prefix;  // "" or "[3].": stands before field names in messages
    std::string device_id;
    std::string user_id;  // empty: a challenge without user
    std::string policy_id;
    std::string template_name;                // not empty: must be the policy's template
    std::optional<std::chrono::seconds> ttl;  // at most one of the two; neither: the policy's
    std::optional<WallTime> expires_at;
    ExpectedOverrides expected;
    std::optional<std::string> posted;  // the MDM's own password; absent: minted here
};

// Who asks, and how a repetition of the call is known.
struct ChallengeCall {
    std::string caller;
    std::string peer_address;
    // The mdm whose records and challenges these are; empty: an admin, for whom all of them are.
    std::string records_of = {};
    std::vector<std::string> templates = {};  // not empty: only policies of these templates
    std::string idempotency_key = {};         // empty: none
    std::string body = {};  // compared with the first call's when the key comes again
};

struct CreatedChallenge {
    std::string id;
    std::string challenge;
    std::string scep_url;
    std::string ca_thumbprint;  // SHA-1, upper-case hexadecimal, as Windows shows it
    WallTime expires_at{};
};

// Why no challenge was made. Nothing is recorded then.
struct ChallengeFault {
    enum class Kind {
        failed,  // see `error`
        device_unknown,
        user_unknown,
        policy_unknown,
        policy_not_assigned,
        template_mismatch,
        template_not_permitted,  // to this caller
        challenge_in_use,
        idempotency_key_reused,
    };
    Kind kind = Kind::failed;
    Error error;  // its text names the field
};

struct ChallengeAnswer {
    std::string text;       // what `render` made, now or at the first call
    bool replayed = false;  // true: of the first call with this idempotency key
};

// What devices are told about the SCEP server and its CA.
struct ScepServerFacts {
    std::string url;
    std::string ca_thumbprint;
};

class ChallengeService {
  public:
    // Makes the answer's text. Recorded only sealed, since it holds the challenges.
    using Render = std::function<std::string(const std::vector<CreatedChallenge>&)>;

    // All references outlive the service.
    ChallengeService(Store& store, const ChallengeCodec& codec, const Clock& clock, Random& random,
                     ScepServerFacts facts);

    // All challenges of the call or none; recorded when this returns.
    tl::expected<ChallengeAnswer, ChallengeFault> create(const std::vector<ChallengeOrder>& orders,
                                                         const ChallengeCall& call,
                                                         const Render& render) const;

    // Withdraws a sealed challenge that was not met yet, so that no record of it exists: records
    // its ID as revoked. True when `call.caller` has a sealed signer and no challenge has that ID.
    Result<bool> revoke_unmet(const std::string& id, const ChallengeCall& call) const;

  private:
    struct Prepared;
    tl::expected<Prepared, ChallengeFault> prepare(const ChallengeOrder& order,
                                                   const ChallengeCall& call, WallTime now) const;
    tl::expected<Policy, ChallengeFault> check_records(const ChallengeOrder& order,
                                                       const ChallengeCall& call) const;
    tl::expected<std::size_t, ChallengeFault> choose_pepper(const OpenedChallenge& opened) const;
    Result<std::optional<std::string>> record(ChallengeBatch batch, const ChallengeCall& call,
                                              const AuditRecord& audit) const;
    // The answer that this call's idempotency key had before, if any.
    tl::expected<std::optional<ChallengeAnswer>, ChallengeFault> find_answer(
        const ChallengeCall& call) const;
    tl::expected<ChallengeAnswer, ChallengeFault> open_answer(const std::string& sealed) const;
    tl::expected<ChallengeAnswer, ChallengeFault> tell_conflict(const ChallengeCall& call,
                                                                Error error) const;

    Store& store_;
    const ChallengeCodec& codec_;
    const Clock& clock_;
    Random& random_;
    ScepServerFacts facts_;
};

}  // namespace ndes::crp
