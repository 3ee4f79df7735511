// LocalIssuer: a CA whose key lies in a file beside us or in a token. Answers at once: issued or
// refused. Knows no SCEP and no policy. Any thread; the key is only ever used const.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "common/clock.h"
#include "common/crypto/key_source.h"
#include "common/error.h"
#include "common/random.h"
#include "scep-server/issuer/known_ca.h"

namespace ndes::scep {

struct LocalIssuerOptions {
    KeySource key;
    std::chrono::milliseconds backdate{0};  // notBefore lies this far in the past
    std::string hash = "SHA-256";           // SHA-256, SHA-384, SHA-512
};

// Loads the key and checks that it is the CA's. configuration, or not_found, naming the file and
// what is wrong with it.
Result<std::unique_ptr<Issuer>> make_local_issuer(KnownCa ca, const LocalIssuerOptions& options,
                                                  const Clock& clock, Random& random);

}  // namespace ndes::scep
