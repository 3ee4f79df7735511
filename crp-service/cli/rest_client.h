// RestClient: crpctl's calls to the REST API of crpd, or of ndesd, over mutual TLS.
// Knows no path or record; cpprestsdk is seen only in the .cpp. One thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "common/error.h"

namespace ndes::crp::cli {

// Whom to call, and where the environment says how.
struct RestProgram {
    const char* name;
    const char* url_variable;
    const char* url_help;
};
inline constexpr RestProgram kCrpd{"crpd", "CRP_URL", "crpd, e.g. https://localhost:8443"};
// The address of the admin site will do: its path is left off.
inline constexpr RestProgram kNdesdAdmin{"ndesd", "MSCEP_ADMIN_URL",
                                         "ndesd's admin listener, e.g. https://localhost:8082"};

// How to reach it; the environment names are those of a lab's lab.env.
struct RestTarget {
    std::string url;                    // --url, CRP_URL: "https://localhost:8443"
    std::filesystem::path server_ca;    // --ca, CRP_CA
    std::filesystem::path certificate;  // --cert, ADMIN_CERT
    std::filesystem::path key;          // --key, ADMIN_KEY
    std::string program;                // for messages
};

// Adds the four options to `command`; the returned target is filled when it is parsed.
std::shared_ptr<RestTarget> add_rest_options(CLI::App& command, const RestProgram& program = kCrpd);

// One call; the body of a 2xx answer. unavailable when crpd cannot be reached or does not answer
// within 15 s; forbidden, not_found, conflict or bad_request with reason, detail and hint of the
// answer's problem; internal for any other answer.
Result<std::string> call_rest(const RestTarget& target, const std::string& method,
                              const std::string& path, const std::string& body = {});

}  // namespace ndes::crp::cli
