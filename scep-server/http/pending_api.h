// PendingApi: the REST calls behind `crpctl pending`: list, approve, deny.
// Knows no login and no CMS. Called from many threads at once.
#pragma once

#include <string_view>

#include "common/http_server/http_message.h"
#include "scep-server/enroll/pending_desk.h"
#include "scep-server/http/admin_login.h"

namespace ndes::scep {

class PendingApi {
  public:
    // `desk` outlives the object.
    explicit PendingApi(PendingDesk& desk) : desk_(desk) {}

    static bool serves(std::string_view path);

    // GET /api/v1/pending?after=ID&limit=N: {"items":[…],"next":ID|null}.
    // POST /api/v1/pending/{id}/approve: {"id","state":"issued"|"pending"|"refused","serial"}.
    // POST /api/v1/pending/{id}/deny, optionally {"text":"why"}: {"id","state":"denied"}.
    // Needs a client certificate whose caller entry says `approve`; errors are problem+json.
    http::Response handle(const http::Request& request, const Login& login);

  private:
    http::Response list(const http::Request& request);
    http::Response decide(const http::Request& request, const std::string& id_text,
                          const std::string& verb, const Login& login);

    PendingDesk& desk_;
};

}  // namespace ndes::scep
