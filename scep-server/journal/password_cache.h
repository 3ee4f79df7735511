// PasswordCache: NDES' own passwords, for a server without policy module; part of the journal, so
// that a restart loses none. A password is known by its keyed hash alone. Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/error.h"
#include "scep-server/journal/journal_entries.h"

namespace ndes::scep {

// What a password is good for: once for both usages, or once for each (white paper, "Password and
// Password Cache"). The numbers are those of the key usage octet.
inline constexpr int kSignatureUse = 0x80;
inline constexpr int kEncryptionUse = 0x20;

enum class PasswordVerdict {
    good,        // reserved for this request, or was so before
    unknown,     // never issued, expired, or used up
    used_usage,  // known, but this usage, or one of both, has been taken
};

class PasswordCache {
  public:
    virtual ~PasswordCache() = default;

    // Adds a password; too_large when the profile has `most` that are not used up or expired.
    virtual Result<void> add(std::string_view profile, std::string_view hash,
                             std::string_view issued_to, std::chrono::minutes validity,
                             std::size_t most) = 0;

    // Reserves `usage` (kSignatureUse, kEncryptionUse, or both) for the request of that key; the
    // same request may ask again until it is completed.
    virtual Result<PasswordVerdict> reserve(std::string_view hash, int usage,
                                            const RequestKey& key) = 0;
    // A certificate was issued: what is reserved of the password for the transaction is used up.
    virtual Result<void> complete(std::string_view hash, std::string_view transaction_id) = 0;
    // None was: it may be used again.
    virtual Result<void> release(std::string_view hash, std::string_view transaction_id) = 0;

    virtual Result<std::size_t> count(std::string_view profile) = 0;  // neither expired nor used up
    virtual Result<std::size_t> purge() = 0;                          // forgets the expired
};

}  // namespace ndes::scep
