// Which event of the original a refusal or a failure is. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "common/error.h"
#include "scep-server/enroll/ndes_event.h"

namespace ndes::scep {

// Words of the password cache, beside those of the CRP's catalogue.
inline constexpr std::string_view kPasswordInvalid = "PasswordInvalid";
inline constexpr std::string_view kPasswordUsageTaken = "PasswordUsageTaken";

// 29 when the reason speaks of the password ("Challenge…", "Password…"), or none is given, which is
// all that the original's modules can say; 43 for a usage that is taken; 23 for every other one:
// a request whose subject does not fit has no invalid password.
NdesEvent event_of_refusal(std::string_view reason);

// The HRESULT told as %ErrorCode for an error of ours.
std::int32_t result_of(ErrorCode code);

}  // namespace ndes::scep
