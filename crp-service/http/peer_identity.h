// Peer identity: from the peer of a connection to the caller of a request.
// Knows the caller list, not paths or roles' meaning. Any thread.
#pragma once

#include <string>

#include "common/http_server/http_message.h"
#include "crp-service/http/caller.h"
#include "crp-service/http/live_parts.h"
#include "crp-service/http/problem.h"
#include "crp-service/http/routes.h"

namespace ndes::crp {

// Who calls: looked up and verified anew for every request, so that a removed entry, a new CRL or
// the certificate's end work at once, also on open connections. The problem names what is wrong
// with the certificate, or the pin to add. Points into `parts`.
tl::expected<const CallerRule*, Problem> identify(const http::Peer& peer, const LiveParts& parts,
                                                  WallTime now);

// As above for a path of an adapter (`route.prove` is not null): by what the adapter's protocol
// shows of its caller, and by the client certificate as well where the [[caller]] table names one.
tl::expected<const CallerRule*, Problem> identify(const http::Request& request,
                                                  const http::Peer& peer, const Route& route,
                                                  const LiveParts& parts, WallTime now);

// "spki_sha256 of the certificate", or "" without one: for log and audit.
std::string pin_of(const http::Peer& peer);

}  // namespace ndes::crp
