#include "crp-service/http/peer_identity.h"

namespace ndes::crp {

std::string pin_of(const http::Peer& peer) {
    return peer.certificate ? peer.certificate->spki_sha256() : std::string();
}

tl::expected<const CallerRule*, Problem> identify(const http::Peer& peer,
                                                  const CallerList& callers) {
    if (!peer.certificate_error.empty()) {
        return refuse(ProblemCode::client_certificate_invalid,
                      "the client certificate does not count: " + peer.certificate_error);
    }
    if (!peer.certificate) {
        return refuse(ProblemCode::client_certificate_missing,
                      "no client certificate was presented");
    }
    const CallerRule* caller = callers.find(*peer.certificate);
    if (!caller) {
        return refuse(ProblemCode::caller_unknown, "no [[caller]] has the pin " + pin_of(peer));
    }
    return caller;
}

}  // namespace ndes::crp
