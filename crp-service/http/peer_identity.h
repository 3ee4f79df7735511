// Peer identity: from the peer of a connection to the caller of a request.
// Knows the caller list, not paths or roles' meaning. Pure function; any thread.
#pragma once

#include <string>

#include "common/http_server/http_message.h"
#include "crp-service/http/caller.h"
#include "crp-service/http/problem.h"

namespace ndes::crp {

// Who calls: looked up anew for every request, so that removing an entry works at once, also on
// open connections. client_certificate_missing, client_certificate_invalid (with the transport's
// cause) or caller_unknown (with the pin to add) otherwise. Points into `callers`.
tl::expected<const CallerRule*, Problem> identify(const http::Peer& peer,
                                                  const CallerList& callers);

// "spki_sha256 of the certificate", or "" without one: for log and audit.
std::string pin_of(const http::Peer& peer);

}  // namespace ndes::crp
