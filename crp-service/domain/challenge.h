// A challenge record: what was promised to which device, until when, and what became of it.
// The challenge string itself is never part of it. Plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/certificate_contents.h"
#include "common/clock.h"

namespace ndes::crp {

enum class ChallengeKind { minted, posted, sealed };

// issued → reserved(transaction, CSR) → completed(certificate); side exits as named.
enum class ChallengeState {
    issued,
    reserved,
    completed,
    expired,
    revoked,
    locked,       // five refusals
    unconfirmed,  // reserved, and no Notify within the time allowed
    failed,       // Notify told a failure: open again for the same CSR only
};

const char* to_string(ChallengeKind kind);
const char* to_string(ChallengeState state);
bool from_string(const std::string& text, ChallengeKind& kind);
bool from_string(const std::string& text, ChallengeState& state);

// What this one challenge overrides of its policy; already expanded, no {{Variables}}.
struct ExpectedOverrides {
    std::optional<std::string> subject;
    std::optional<std::vector<SubjectAltName>> subject_alt_names;
    std::optional<std::vector<KeyUsage>> key_usage;
    std::optional<std::vector<std::string>> extended_key_usage;
    std::optional<int> validity_days;
    bool operator==(const ExpectedOverrides&) const = default;
};

struct Challenge {
    // Ours: 32 lower-case hexadecimal digits. Sealed: the MDM's, 16 to 64 characters of
    // kMaxIdOctets.
    std::string id;
    ChallengeKind kind = ChallengeKind::minted;
    std::string lookup;  // posted: hex HMAC-SHA-256 under the pepper; else empty
    std::string device_id;
    std::string user_id;  // may be empty
    std::string policy_id;
    std::string certificate_request_id;  // of the policy when the challenge was made
    ExpectedOverrides expected;
    WallTime not_before{};
    WallTime expires_at{};
    WallTime created_at{};
    std::string owner;  // name of the caller that posted it
    // What it was made with: minted: the key, posted: the pepper, sealed: the decryption key; by
    // the names of their files. Empty: recorded before this was kept.
    std::string key_id = {};

    ChallengeState state = ChallengeState::issued;
    int refusals = 0;
    std::string transaction_id;  // once reserved
    std::string csr_sha256;      // once reserved, hex
};

inline constexpr int kRefusalsUntilLocked = 5;

}  // namespace ndes::crp
