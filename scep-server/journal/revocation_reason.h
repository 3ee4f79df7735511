// Why a certificate was revoked: RFC 5280's CRLReason, with its numbers and words.
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string_view>

namespace ndes::scep {

// Fixed for ever: stored and put into CRLs by number.
enum class RevocationReason {
    unspecified = 0,
    key_compromise = 1,
    ca_compromise = 2,
    affiliation_changed = 3,
    superseded = 4,
    cessation_of_operation = 5,
    certificate_hold = 6,  // the only one that can be taken back
    privilege_withdrawn = 9,
    aa_compromise = 10,
};

std::string_view to_string(RevocationReason reason);  // RFC 5280's word: "keyCompromise"
// Nothing for another word, and for removeFromCRL, which is none to revoke for.
std::optional<RevocationReason> reason_of_word(std::string_view word);
// Nothing for a number that RFC 5280 does not give, and for removeFromCRL.
std::optional<RevocationReason> reason_of_number(long number);

}  // namespace ndes::scep
