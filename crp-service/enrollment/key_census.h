// Key census: which keys are configured and how many outstanding challenges depend on each, so that
// a key can be taken away when nothing hangs on it any more, and its loss is told before devices
// are refused for it. Reads the store. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/logging/log.h"
#include "crp-service/challenge/challenge_codec.h"
#include "crp-service/domain/challenge.h"
#include "crp-service/store/store.h"

namespace ndes::crp {

enum class KeyPlace {
    current,   // makes new challenges (sealed: MDMs may encrypt to any that is configured)
    previous,  // opens what was made before
    missing,   // not configured, and challenges depend on it: all of them will be refused
};
const char* to_string(KeyPlace place);  // "current", "previous", "missing"

struct KeyStatus {
    ChallengeKind kind = ChallengeKind::minted;
    std::string id;
    KeyPlace place = KeyPlace::current;
    std::int64_t outstanding = 0;  // challenges that are not used, revoked or past their time
    WallTime last_expiry{};        // of those; unset when there is none
};

// By kind, then as configured, missing ones last. Challenges recorded before keys were kept with
// them count for no key. Sealed ones are known from their first request on.
Result<std::vector<KeyStatus>> take_key_census(const ChallengeCodec& codec, Store& store,
                                               WallTime now);

// Writes a warning to `log` for missing keys, and an error when the census cannot be taken. At
// start and after a reload.
void log_missing_keys(const ChallengeCodec& codec, Store& store, WallTime now, Log& log);

// What to tell an operator of keys that are missing, a sentence each; empty when all is well.
std::string tell_missing_keys(const std::vector<KeyStatus>& census);

}  // namespace ndes::crp
