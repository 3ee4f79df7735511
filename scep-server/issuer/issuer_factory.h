// The list of issuers: the one place that knows which CAs there are. Called once, at start.
#pragma once

#include <memory>

#include "common/clock.h"
#include "common/error.h"
#include "common/random.h"
#include "scep-server/config.h"
#include "scep-server/issuer/issuer.h"

namespace ndes::scep {

// The issuer that `config.kind` names, loaded and checked. configuration on failure.
Result<std::unique_ptr<Issuer>> make_issuer(const IssuerConfig& config, const Clock& clock,
                                            Random& random);

}  // namespace ndes::scep
