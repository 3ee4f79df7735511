// What this very program is, for audit and start lines.
#pragma once

#include <string>
#include <string_view>

namespace ndes {

// "0.1.0 (build 1f0c…)": `version` and the linker's build ID of the running program in hex; the
// version alone if it was linked without one. Any thread.
std::string version_and_build(std::string_view version);

}  // namespace ndes
