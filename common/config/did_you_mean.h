// Did-you-mean: the known word that a mistyped one was probably meant to be.
// Pure function; any thread.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace ndes {

// The nearest of `known` within two insertions, deletions or substitutions, case aside; empty if
// there is none.
std::string did_you_mean(std::string_view word, const std::set<std::string>& known);

}  // namespace ndes
