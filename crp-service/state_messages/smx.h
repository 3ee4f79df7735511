// SMX: one state message as the UTF-16 XML that a site server's inbox takes.
// Where each field stands: README.md. Knows no file. Pure functions; any thread.
#pragma once

#include <string>

#include "common/bytes.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp {

// UTF-16LE with byte order mark. Any text is safe: what XML cannot carry becomes U+FFFD.
Bytes to_smx(const StateMessage& message);

// "20261120133500.123000+000": the date and time format of the format's origin (CIM), UTC.
std::string to_cim_time(WallTime time);

}  // namespace ndes::crp
