// ChallengeSeal: keeps a challenge, or the request that holds it, readable for later, also after a
// restart, without ever having it on disk in clear; and the keyed hash of NDES' own passwords.
// Knows no journal and no module. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/random.h"
#include "common/secret.h"

namespace ndes::scep {

// Whose challenge it is and what for; sealed under these, it opens under no others.
struct SealContext {
    std::string_view transaction_id;
    std::string_view request_id;
    std::string_view purpose = "notify";
};

class ChallengeSeal {
  public:
    // Reads 64 hex digits (an AES-256 key) from a file that only its owner can read.
    // configuration, or not_found, naming the file.
    static Result<ChallengeSeal> load(const std::filesystem::path& key_file, Random& random);

    // AES-256-GCM under a random 96-bit nonce: one key serves 2^32 enrolments (NIST SP 800-38D
    // section 8.3). Base64url text of nonce, ciphertext and tag; empty for an empty challenge.
    Result<std::string> seal(std::string_view challenge, const SealContext& context) const;

    // storage when it was not sealed by this key for this context.
    Result<Secret> open(std::string_view sealed, const SealContext& context) const;

    // HMAC-SHA-256 under a key derived from this one, hex: what a password is known by.
    std::string hash(std::string_view password) const;

  private:
    ChallengeSeal(Secret key, Random& random) : key_(std::move(key)), random_(&random) {}
    Secret key_;
    Random* random_;
};

}  // namespace ndes::scep
