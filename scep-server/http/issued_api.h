// IssuedApi: the REST calls behind `crpctl ca`: list what our own CAs issued, revoke, fetch the
// CRL. Knows no login and no CMS. Called from many threads at once.
#pragma once

#include <string>
#include <string_view>

#include "common/http_server/http_message.h"
#include "scep-server/enroll/revocation_desk.h"
#include "scep-server/http/admin_login.h"

namespace ndes::scep {

class IssuedApi {
  public:
    // `desk` outlives the object.
    explicit IssuedApi(RevocationDesk& desk) : desk_(desk) {}

    static bool serves(std::string_view path);

    // GET /api/v1/issued?after=ID&limit=N: {"items":[…],"next":"ID"|null}, oldest first.
    // POST /api/v1/issued/{serial}/revoke, optionally {"reason":"keyCompromise"} (a word of
    // RFC 5280; removeFromCRL takes certificateHold back): {"serial","state":"revoked"|"good",
    // "reason","revokedAt","crlNumber"}; crlNumber null: no CRL says so yet.
    // GET /api/v1/crl?profile=NAME: the CRL in force, PEM.
    // Needs a client certificate whose caller entry says `approve`; errors are problem+json.
    http::Response handle(const http::Request& request, const Login& login);

  private:
    http::Response list(const http::Request& request);
    http::Response revoke(const http::Request& request, const std::string& serial,
                          const Login& login);
    http::Response crl(const http::Request& request);

    RevocationDesk& desk_;
};

}  // namespace ndes::scep
