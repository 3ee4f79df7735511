// EstIssuer: a CA behind EST (RFC 7030), asked as a registration authority: simpleenroll, and
// simplereenroll for renewals, over TLS with our own client certificate. The request goes as the
// device made it, so that its proof of possession reaches the CA.
// Knows no SCEP and no policy. Any thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "common/error.h"
#include "scep-server/issuer/known_ca.h"

namespace ndes::scep {

struct EstIssuerOptions {
    std::string url;  // "https://ca.example/.well-known/est" or with a label below it
    std::filesystem::path server_ca_file;           // PEM trust list
    std::filesystem::path client_certificate_file;  // PEM: the RA's TLS certificate and chain
    std::filesystem::path client_key_file;
    std::chrono::milliseconds deadline{20'000};
};

// configuration, naming the setting or file.
Result<std::unique_ptr<Issuer>> make_est_issuer(KnownCa ca, EstIssuerOptions options);

}  // namespace ndes::scep
