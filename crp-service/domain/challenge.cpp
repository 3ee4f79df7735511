#include "crp-service/domain/challenge.h"

#include <array>
#include <utility>

namespace ndes::crp {
namespace {

// The words stand in the database and the API: never changed, never reused.
constexpr std::array<std::pair<ChallengeKind, const char*>, 3> kKinds{{
    {ChallengeKind::minted, "minted"},
    {ChallengeKind::posted, "posted"},
    {ChallengeKind::sealed, "sealed"},
}};

constexpr std::array<std::pair<ChallengeState, const char*>, 8> kStates{{
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

const char* to_string(ChallengeKind kind) {
    for (const auto& [value, word] : kKinds) {
        if (value == kind) return word;
    }
    return "";
}

const char* to_string(ChallengeState state) {
    for (const auto& [value, word] : kStates) {
        if (value == state) return word;
    }
    return "";
}

bool from_string(const std::string& text, ChallengeKind& kind) {
    for (const auto& [value, word] : kKinds) {
        if (text != word) continue;
        kind = value;
        return true;
    }
    return false;
}

bool from_string(const std::string& text, ChallengeState& state) {
    for (const auto& [value, word] : kStates) {
        if (text != word) continue;
        state = value;
        return true;
    }
    return false;
}

}  // namespace ndes::crp
