// make_https_crp_client: the CrpClient over mutual TLS, by cpprestsdk's http_client.
// No type of that library leaves the .cpp.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "common/clock.h"
#include "common/error.h"
#include "policy-module/crp_client/client_identity.h"
#include "policy-module/crp_client/crp_client.h"

namespace ndes::policy {

struct HttpsCrpClientOptions {
    std::string host;  // name or IPv4 address: connected to and looked for in the CRP's SAN
    std::uint16_t port = 443;
    std::string base_path;                           // "/CMCertificateRegistration"
    std::chrono::milliseconds phase_timeout{5'000};  // name, connection, handshake, each read
    int max_calls = 32;                              // at a time; more wait for their turn
};

// Starts nothing: the library's two threads, all signals blocked in them, start with the first
// post(), so that a host may fork before it. In a process forked after that, every post() returns
// a fault at once (the library would wait for ever). `keeper` knows `host` as a server name; it and
// `clock` outlive the client.
std::unique_ptr<CrpClient> make_https_crp_client(HttpsCrpClientOptions options,
                                                 ClientIdentityKeeper& keeper, const Clock& clock);

}  // namespace ndes::policy
