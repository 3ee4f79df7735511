// GET /openapi.json and /openapi.yaml: the API's description, as this build has it compiled in.
#include "crp-service/http/handlers.h"
#include "crp-service/http/openapi_text.h"

namespace ndes::crp {

Answer show_openapi_json(const Call& /*call*/) {
    return text_response(200, std::string(openapi_json()));
}

Answer show_openapi_yaml(const Call& /*call*/) {
    http::Response response = text_response(200, std::string(openapi_yaml()));
    response.content_type = "application/yaml";
    return response;
}

}  // namespace ndes::crp
