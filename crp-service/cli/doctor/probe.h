// Probe: one HTTP request as a device or a program would send it, and all that can be seen of the
// answer and of the TLS below it, whether it is good or not. Follows no redirect, uses no proxy.
// One thread.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "common/crypto/certificate.h"
#include "common/error.h"

namespace ndes::crp::cli::doctor {

struct ProbeOrder {
    std::string url;  // http or https
    std::string method = "GET";
    std::string body = {};
    std::filesystem::path trust = {};        // PEM; empty: the system's authorities
    std::filesystem::path certificate = {};  // presented when the server asks; with its key
    std::filesystem::path key = {};
    int most_tls = 0;  // e.g. TLS1_2_VERSION; 0: whatever OpenSSL has
    std::chrono::milliseconds deadline{5'000};
};

struct ProbeAnswer {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;                                          // at most 1 MiB
    // https only
    std::vector<Certificate> chain;  // as sent, the server's own first
    std::string trust_fault;         // OpenSSL's words; empty: the chain is trusted
    bool name_fits = true;           // the URL's host is among the certificate's names
    bool asked_for_certificate = false;

    std::string header(const std::string& name) const;  // "" if absent
};

// bad_request: no URL. not_found: the name has no address. unavailable: refused, closed, no TLS or
// no HTTP; timeout. Any status is an answer; so is an untrusted server, see trust_fault.
Result<ProbeAnswer> probe(const ProbeOrder& order);

}  // namespace ndes::crp::cli::doctor
