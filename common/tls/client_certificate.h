// Whether a client certificate counts: which fault it has, and a verifier that can be asked again
// for every request of a connection, since trust lists and CRLs change while it is open.
// Knows no caller or role. Value types; any thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/openssl_ptr.h"

namespace ndes {

enum class ClientFault {
    none,
    expired,
    not_yet_valid,
    self_signed,  // and not itself on the trust list
    untrusted,    // issued by none of the trust list, or its signature is not theirs
    wrong_usage,  // does not name clientAuth (absent and anyExtendedKeyUsage are not enough)
    revoked,
    crl_expired,  // all certificates of that issuer are refused until there is a current CRL
    crl_missing,  // a CRL is configured, but none of the certificate's issuer
    other,
};

struct ClientVerdict {
    ClientFault fault = ClientFault::none;
    std::string text = {};  // OpenSSL's words for it; empty without fault
};

// From SSL_get_verify_result or X509_STORE_CTX_get_error.
ClientVerdict client_verdict(long x509_error);

// The callback that a server context verifies clients by: as OpenSSL does for purpose sslclient,
// and clientAuth has to be named. Puts the verdict into `verification`.
void verify_client_chain(X509_STORE_CTX* verification);

class ClientVerifier {
  public:
    // `context`: of build_server_context with a client CA; its trust list and CRLs are used.
    ClientVerifier(std::shared_ptr<SSL_CTX> context, const Clock& clock)
        : context_(std::move(context)), clock_(clock) {}

    // As at a handshake now. `presented`: what the client sent with its certificate; may be null.
    // A verdict is kept for kKept.
    ClientVerdict verify(const Certificate& certificate,
                         const std::vector<Certificate>* presented) const;

    static constexpr std::chrono::seconds kKept{5};

  private:
    struct Kept {
        ClientVerdict verdict;
        SteadyTime until{};
    };
    static constexpr std::size_t kMostKept = 1024;

    ClientVerdict verify_now(const Certificate& certificate,
                             const std::vector<Certificate>* presented) const;

    std::shared_ptr<SSL_CTX> context_;
    const Clock& clock_;
    mutable std::mutex mutex_;  // guards kept_ for a look or a store; a torn map without
    mutable std::map<std::string, Kept> kept_;  // by the certificate's SHA-256
};

}  // namespace ndes
