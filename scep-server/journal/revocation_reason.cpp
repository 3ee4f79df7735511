#include "scep-server/journal/revocation_reason.h"

#include <algorithm>
#include <array>

namespace ndes::scep {
namespace {

struct Word {
    RevocationReason reason;
    std::string_view text;
};

constexpr std::array kWords{
    Word{RevocationReason::unspecified, "unspecified"},
    Word{RevocationReason::key_compromise, "keyCompromise"},
    Word{RevocationReason::ca_compromise, "cACompromise"},
    Word{RevocationReason::affiliation_changed, "affiliationChanged"},
    Word{RevocationReason::superseded, "superseded"},
    Word{RevocationReason::cessation_of_operation, "cessationOfOperation"},
    Word{RevocationReason::certificate_hold, "certificateHold"},
    Word{RevocationReason::privilege_withdrawn, "privilegeWithdrawn"},
    Word{RevocationReason::aa_compromise, "aACompromise"},
};

}  // namespace

std::string_view to_string(RevocationReason reason) {
    const auto* const found = std::ranges::find(kWords, reason, &Word::reason);
    return found == kWords.end() ? std::string_view("unspecified") : found->text;
}

std::optional<RevocationReason> reason_of_word(std::string_view word) {
    const auto* const found = std::ranges::find(kWords, word, &Word::text);
    if (found == kWords.end()) return std::nullopt;
    return found->reason;
}

std::optional<RevocationReason> reason_of_number(long number) {
    const auto* const found = std::ranges::find_if(
        kWords, [&](const Word& word) { return static_cast<long>(word.reason) == number; });
    if (found == kWords.end()) return std::nullopt;
    return found->reason;
}

}  // namespace ndes::scep
