// GET of the base path: operators of the original browse it and expect 403.
#include "crp-service/http/handlers.h"

namespace ndes::crp {

Answer tell_service_is_online(const Call& call) {
    return refuse(ProblemCode::service_online,
                  "the service is up and knows you as \"" + call.caller.name + "\"");
}

}  // namespace ndes::crp
