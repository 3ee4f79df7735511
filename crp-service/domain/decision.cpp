#include "crp-service/domain/decision.h"

#include <array>
#include <utility>

namespace ndes::crp {
namespace {

// The words stand in the database and the API: never changed, never reused.
constexpr std::array<std::pair<TransactionState, const char*>, 5> kStates{{
    {TransactionState::refused, "refused"},
    {TransactionState::verified, "verified"},
    {TransactionState::issued, "issued"},
    {TransactionState::failed, "failed"},
    {TransactionState::pending, "pending"},
}};

}  // namespace

const char* to_string(TransactionState state) {
    for (const auto& [value, word] : kStates) {
        if (value == state) return word;
    }
    return "";
}

bool from_string(const std::string& text, TransactionState& state) {
    for (const auto& [value, word] : kStates) {
        if (text != word) continue;
        state = value;
        return true;
    }
    return false;
}

}  // namespace ndes::crp
