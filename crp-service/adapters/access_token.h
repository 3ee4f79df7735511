// Access tokens: short-lived proof that a client showed its secret at the token endpoint:
// "crp1.PAYLOAD.MAC", HMAC-SHA-256 under the service's own token keys, so that no crpd has to store
// one and every crpd with the same keys reads it. A token names its client, its end and the secret
// that was shown: it dies with its time, its client, its secret and its key, whichever is first.
// Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "common/clock.h"
#include "common/secret.h"
#include "crp-service/adapters/credentials.h"

namespace ndes::crp {

enum class TokenFault { invalid, expired };

// `keys` hold at least one; the first signs. `credential` holds `shown`, see Credential::is.
std::string make_access_token(const std::vector<Secret>& keys, const Credential& credential,
                              std::string_view shown, WallTime expires_at);

// The credential that the token was given to; invalid unless it stands and still has the secret.
tl::expected<const Credential*, TokenFault> read_access_token(const std::vector<Secret>& keys,
                                                              const Credentials& credentials,
                                                              std::string_view adapter,
                                                              std::string_view token, WallTime now);

}  // namespace ndes::crp
