#include "crp-service/http/peer_identity.h"

namespace ndes::crp {

namespace {

ProblemCode problem_of(ClientFault fault) {
    switch (fault) {
        case ClientFault::expired: return ProblemCode::client_certificate_expired;
        case ClientFault::not_yet_valid: return ProblemCode::client_certificate_not_yet_valid;
        case ClientFault::self_signed: return ProblemCode::client_certificate_self_signed;
        case ClientFault::untrusted: return ProblemCode::client_certificate_untrusted;
        case ClientFault::wrong_usage: return ProblemCode::client_certificate_usage;
        case ClientFault::revoked: return ProblemCode::client_certificate_revoked;
        case ClientFault::crl_expired: return ProblemCode::client_crl_expired;
        case ClientFault::crl_missing: return ProblemCode::client_crl_missing;
        case ClientFault::none:
        case ClientFault::other: break;
    }
    return ProblemCode::client_certificate_invalid;
}

tl::unexpected<Problem> refuse_certificate(ClientFault fault, const std::string& text) {
    return refuse(problem_of(fault), "the client certificate does not count: " + text);
}

tl::expected<const CallerRule*, Problem> in_force(const CallerRule& caller, WallTime now) {
    if (caller.validity.covers(now)) return &caller;
    return refuse(ProblemCode::caller_not_in_force,
                  "caller \"" + caller.name + "\" is not in force at " + to_rfc3339(now));
}

tl::expected<void, Problem> check_certificate(const http::Peer& peer, const LiveParts& parts) {
    if (!peer.certificate_error.empty()) {
        return refuse_certificate(peer.certificate_fault, peer.certificate_error);
    }
    if (!peer.certificate) {
        return refuse(ProblemCode::client_certificate_missing,
                      "no client certificate was presented");
    }
    if (!parts.verifier) return {};
    const ClientVerdict verdict =
        parts.verifier->verify(*peer.certificate, peer.certificate_chain.get());
    if (verdict.fault == ClientFault::none) return {};
    return refuse_certificate(verdict.fault, verdict.text);
}

}  // namespace

std::string pin_of(const http::Peer& peer) {
    if (!peer.spki_sha256.empty()) return peer.spki_sha256;
    return peer.certificate ? peer.certificate->spki_sha256() : std::string();
}

tl::expected<const CallerRule*, Problem> identify(const http::Peer& peer, const LiveParts& parts,
                                                  WallTime now) {
    if (auto sound = check_certificate(peer, parts); !sound) {
        return tl::unexpected(std::move(sound.error()));
    }
    const CallerRule* caller = parts.callers.find(*peer.certificate, pin_of(peer));
    if (!caller) {
        return refuse(ProblemCode::caller_unknown, "no [[caller]] has the pin " + pin_of(peer));
    }
    return in_force(*caller, now);
}

tl::expected<const CallerRule*, Problem> identify(const http::Request& request,
                                                  const http::Peer& peer, const Route& route,
                                                  const LiveParts& parts, WallTime now) {
    const auto proven = route.prove(request, parts, now);
    if (!proven) return tl::unexpected(proven.error());
    const CallerRule* caller = parts.callers.named(*proven);
    if (!caller || caller->adapter != route.adapter) {
        return refuse(ProblemCode::caller_unknown, "no [[caller]] of this adapter has the name");
    }
    if (caller->names_certificate()) {
        if (auto sound = check_certificate(peer, parts); !sound) {
            return tl::unexpected(std::move(sound.error()));
        }
        if (!caller->is_met_by(*peer.certificate, pin_of(peer))) {
            return refuse(ProblemCode::caller_unknown,
                          "caller \"" + caller->name + "\" has not the pin " + pin_of(peer));
        }
    }
    return in_force(*caller, now);
}

}  // namespace ndes::crp
