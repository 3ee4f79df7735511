// Rule evidence: what a rule asks for and what it found, as texts for an operator. One line per
// rule in the table of the .cpp; a rule without a line compares nothing that could be shown.
// Never a challenge or a key. Pure function; any thread.
#pragma once

#include <string>
#include <string_view>

#include "crp-service/validation/context.h"

namespace ndes::crp {

struct RuleEvidence {
    std::string expected;
    std::string found;
};

// `rule` was judged over `context`, so that what the rules before it demand is there.
RuleEvidence evidence_of(std::string_view rule, const Context& context);

}  // namespace ndes::crp
