// What a failed call means in the operator's words: from what the HTTP library and OpenSSL said to
// a Fault with advice. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "policy-module/crp_client/client_identity.h"
#include "policy-module/crp_client/crp_client.h"

namespace ndes::policy {

// `text` and `timed_out` are the library's; `verify_error` (X509_V_ERR_…) is there when OpenSSL
// refused the CRP's certificate meanwhile, and then decides.
Fault fault_of_call(const std::string& text, bool timed_out, std::optional<int> verify_error);

// Our own certificate is outside its dates. Logged under its thumbprint, as the original does.
Fault fault_of_own_dates(const ClientIdentity& identity);

// The overall deadline passed.
Fault fault_of_deadline();

}  // namespace ndes::policy
