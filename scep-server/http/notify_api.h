// NotifyApi: the REST calls behind `crpctl notify`: list, retry, discard.
// Knows no login. Called from many threads at once.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/http_server/http_message.h"
#include "common/logging/log.h"
#include "scep-server/http/admin_login.h"
#include "scep-server/journal/notify_queue.h"

namespace ndes::scep {

// All outlive the object.
struct NotifyApiParts {
    NotifyQueue& queue;
    std::function<void()> wake;  // something has become due
    Log& log;
};

class NotifyApi {
  public:
    explicit NotifyApi(NotifyApiParts parts) : parts_(std::move(parts)) {}

    static bool serves(std::string_view path);

    // GET /api/v1/notifies?after=ID&limit=N&state=waiting|dead: {"items":[…],"next":"ID"|null}.
    // POST /api/v1/notifies/{id}/retry: {"id","state":"waiting"}; …/notifies/retry: all dead
    //   letters, {"count"}.
    // POST /api/v1/notifies/{id}/discard: {"id","state":"discarded"}; 409 unless a dead letter.
    // Needs a client certificate whose caller entry says `approve`; errors are problem+json.
    http::Response handle(const http::Request& request, const Login& login);

  private:
    http::Response list(const http::Request& request);
    http::Response retry_dead(const Login& login);
    http::Response change(const std::string& id_text, const std::string& verb, const Login& login);

    NotifyApiParts parts_;
};

}  // namespace ndes::scep
