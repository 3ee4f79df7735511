// Reader of RFC 4514 text; used by DistinguishedName::from_text alone.
// Pure function; any thread.
#pragma once

#include <string_view>
#include <vector>

#include "common/crypto/distinguished_name.h"
#include "common/error.h"

namespace ndes {

// RDNs in the order of the text. Besides RFC 4514 it reads what Windows writes: values in double
// quotes (RFC 2253 section 4; a quote inside doubled or escaped), `;` between RDNs, blanks around
// types, values and separators.
Result<std::vector<RelativeName>> read_relative_names(std::string_view text);

}  // namespace ndes
