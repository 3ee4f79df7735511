// The man page ndes-reasons(7), made from the catalogue of reasons.
// Pure function; any thread.
#pragma once

#include <string>

namespace ndes::crp {

// In the format of scdoc(5).
std::string reasons_man_page();

}  // namespace ndes::crp
