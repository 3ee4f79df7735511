#include "crp-service/domain/challenge.h"

#include "common/word_table.h"

namespace ndes::crp {
namespace {

// The words stand in the database and the API: never changed, never reused.
constexpr WordTable<ChallengeKind, 3> kKinds{{
    {ChallengeKind::minted, "minted"},
    {ChallengeKind::posted, "posted"},
    {ChallengeKind::sealed, "sealed"},
}};

constexpr WordTable<ChallengeState, 8> kChallengeStates{{
    {ChallengeState::issued, "issued"},
    {ChallengeState::reserved, "reserved"},
    {ChallengeState::completed, "completed"},
    {ChallengeState::expired, "expired"},
    {ChallengeState::revoked, "revoked"},
    {ChallengeState::locked, "locked"},
    {ChallengeState::unconfirmed, "unconfirmed"},
    {ChallengeState::failed, "failed"},
}};

}  // namespace

const char* to_string(ChallengeKind kind) { return word_of(kKinds, kind); }
const char* to_string(ChallengeState state) { return word_of(kChallengeStates, state); }

bool from_string(const std::string& text, ChallengeKind& kind) {
    return value_of(kKinds, text, kind);
}
bool from_string(const std::string& text, ChallengeState& state) {
    return value_of(kChallengeStates, text, state);
}

}  // namespace ndes::crp
