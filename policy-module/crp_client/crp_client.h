// CrpClient: one POST to one Certificate Registration Point, and the ways it can fail.
// Knows no verb, verdict or ABI, and of no other CRP (crp_pool.h); what a body means is the
// caller's business. post() may be called from many threads at once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "common/clock.h"

namespace ndes::policy {

// Why a verb could not be carried out. Each kind has one HRESULT (adapters/ndes_abi.cpp) and,
// where the original logged one, a WinHTTP error number (original_error_number).
enum class FaultKind {
    invalid_argument,  // the call itself is wrong; repeating it cannot help
    refused,           // it contradicts what the CRP has recorded, or is forbidden to us; nor then
    access_denied,     // the CRP refuses us, whatever we ask: certificate unknown, or without role
    unavailable,       // the CRP answered "not now" (5xx, 408, 429)
    too_many_calls,    // so many calls to this CRP are under way that no other began in time
    timeout,           // a deadline passed
    name_unknown,      // the CRP's name has no address
    cannot_connect,    // no connection: address, port, or crpd is down
    certificate_date,  // the CRP's certificate, or ours, is outside its dates
    secure_failure,    // TLS otherwise: name, issuer, protocol version
    invalid_response,  // the answer broke off, or is not what the wire format says
    failed,            // everything else
};

// Where a call went, for the log.
struct Destination {
    std::string crp;   // "crp1.example.org:8443"
    std::string path;  // "/CMCertificateRegistration/Certificate/VerifyRequest"
};

struct Fault {
    FaultKind kind = FaultKind::failed;
    std::string text;    // what happened, in one clause, for the operator's log
    std::string advice;  // one sentence that says what to do; may be empty
    // What the log names as not sent, when it is not the path: our certificate's thumbprint.
    std::string not_sent = {};
    // The line that WinHTTP's callback wrote for a refused certificate; empty for other faults.
    std::string_view callback_flag = {};
    // The fault is on our side, or known before asking: no repetition and no other CRP helps now.
    bool final_for_now = false;
    Destination destination = {};  // empty when nothing was sent anywhere
};

template <class T>
using Outcome = tl::expected<T, Fault>;

inline tl::unexpected<Fault> fault(FaultKind kind, std::string text, std::string advice = {}) {
    return tl::unexpected<Fault>(Fault{kind, std::move(text), std::move(advice)});
}

// True for failures that the same call, sent again to the same CRP, may overcome.
bool is_retryable(FaultKind kind);

// The number that NDES' policy module logs for this fault ("Error 12175"); 0 if it logs none.
int original_error_number(FaultKind kind);

struct CrpCall {
    std::string path;  // below the service's own: "/Certificate/VerifyRequest"
    std::string body;  // JSON; never logged
    // Sent as X-Request-Id. The same for every repetition of one call, since the library below
    // may send a POST twice by itself and the CRP de-duplicates on it. Visible ASCII.
    std::string request_id;
    SteadyTime deadline{};  // of this call, whatever the other side does
};

// An answer was read completely, whatever it says.
struct CrpResponse {
    int status = 0;
    std::string content_type;  // as sent, without parameters, lower case; empty if absent
    std::string body;          // at most kMaxResponseOctets
    Destination destination = {};
};

inline constexpr std::size_t kMaxResponseOctets = std::size_t{64} * 1024;

class CrpClient {
  public:
    virtual ~CrpClient() = default;

    // Sends once, except for a re-send by the library on a connection that the server had closed.
    // Returns at the deadline at the latest. Never throws.
    virtual Outcome<CrpResponse> post(const CrpCall& call) = 0;
};

}  // namespace ndes::policy
