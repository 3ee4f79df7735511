#include "crp-service/domain/decision.h"

#include "common/word_table.h"

namespace ndes::crp {
namespace {

// The words stand in the database and the API: never changed, never reused.
constexpr WordTable<TransactionState, 6> kTransactionStates{{
    {TransactionState::refused, "refused"},
    {TransactionState::verified, "verified"},
    {TransactionState::issued, "issued"},
    {TransactionState::failed, "failed"},
    {TransactionState::pending, "pending"},
    {TransactionState::unconfirmed, "unconfirmed"},
}};

}  // namespace

const char* to_string(TransactionState state) { return word_of(kTransactionStates, state); }

bool from_string(const std::string& text, TransactionState& state) {
    return value_of(kTransactionStates, text, state);
}

}  // namespace ndes::crp
