// The API's description (schema/crp-v1.openapi.yaml), compiled in at build time by
// scripts/lib/openapi_to_cpp.py. Constant data; any thread.
#pragma once

#include <string_view>

namespace ndes::crp {

std::string_view openapi_yaml();
std::string_view openapi_json();

}  // namespace ndes::crp
