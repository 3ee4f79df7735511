// CfsslIssuer: a CA behind cfssl's `authsign` (cfssl serve -config with an auth key). Each request
// is authenticated with HMAC-SHA-256 under the shared key and names subject and alternative names
// (host names, IP and e-mail addresses; a verdict with others is refused before cfssl is asked).
// Usages and validity are those of cfssl's profile: give it those of the policy, or what it answers
// is not what was asked.
// Knows no SCEP and no policy. Any thread; a connection for each request, so that none is sent
// twice.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "common/error.h"
#include "scep-server/issuer/known_ca.h"

namespace ndes::scep {

struct CfsslIssuerOptions {
    std::string url;                       // "https://ca.example:8888", no path
    std::filesystem::path auth_key_file;   // hex, as in cfssl's auth_keys; its owner's alone
    std::filesystem::path server_ca_file;  // PEM trust list; needed exactly with https
    std::string profile;                   // cfssl's signing profile; empty: its default
    std::string label;                     // of a multi-root cfssl; empty: none
    std::chrono::milliseconds deadline{20'000};
};

// configuration, naming the setting or file; plain http only to loopback.
Result<std::unique_ptr<Issuer>> make_cfssl_issuer(KnownCa ca, CfsslIssuerOptions options);

}  // namespace ndes::scep
