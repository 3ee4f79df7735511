// What the metrics call the API's endpoints. Constant data; any thread.
#pragma once

#include <string>
#include <vector>

#include "crp-service/http/routes.h"

namespace ndes::crp {

// In the order of all_routes(): "VerifyRequest" for a call of the policy module, under either of
// its paths, else "GET /api/v1/users/{id}", the adapters' likewise; last "other", for what no route
// fits.
std::vector<std::string> endpoint_names();

// The route's place among them; that of "other" for null.
std::size_t endpoint_of(const Route* route);

}  // namespace ndes::crp
