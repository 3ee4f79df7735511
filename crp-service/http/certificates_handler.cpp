// /api/v1/certificates: issued certificates, newest first.
#include "crp-service/http/event_json.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

Answer list_certificates(const Call& call) {
    auto page = call.page();
    if (!page) return tl::unexpected(std::move(page.error()));
    auto found = call.store.list_certificates(*page);
    if (!found) return refuse(found);
    return page_response(*found, [](const IssuedCertificate& one) { return to_json(one); });
}

}  // namespace ndes::crp
