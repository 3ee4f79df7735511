// Policy: the C++ face of the one loaded policy module. Anything but a clean yes is a no.
// Knows no SCEP message and no HTTP. verify and notify from many threads at once.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/certificate_contents.h"
#include "common/error.h"
#include "common/logging/log.h"

namespace ndes::scep {

struct PolicyQuestion {
    ByteView certificate_request;  // DER
    ByteView signing_certificate;  // DER; empty for an initial request
    std::string_view template_name;
    std::string_view transaction_id;
    std::string_view request_id;
    std::string_view ca_name;
    std::string_view device_address;
    // For ndesd's own password cache; a module finds both in the request.
    std::string_view challenge = {};
    int usage = 0xa0;
};

// The module could be asked and answered.
struct PolicyAnswer {
    bool verified = false;
    std::string reason;
    std::string detail;
    std::string decision_id;
    std::optional<CertificateContents> contents;  // absent: take them from the request
    std::string key_usage = {};  // no, since a password was used for it already: for event 43
};

struct PolicyOutcome {
    std::string_view challenge;  // empty for a renewal
    std::string_view transaction_id;
    std::string_view request_id;
    std::int32_t disposition = -1;
    std::int32_t last_result = 0;
    ByteView certificate;  // DER; empty unless issued
};

class Policy {
  public:
    virtual ~Policy() = default;
    // An Error means the check could not be made (`unavailable` or `timeout` when repeating may
    // help, with the HRESULT in its detail); never a verdict.
    virtual Result<PolicyAnswer> verify(const PolicyQuestion& question) = 0;
    // As verify; bad_request when this outcome will never be taken.
    virtual Result<void> notify(const PolicyOutcome& outcome) = 0;
    virtual Result<std::string> generate_challenge(std::string_view template_name,
                                                   std::string_view params) = 0;
    virtual std::string name() const = 0;  // of the module, for logs
};

struct PolicyModuleOptions {
    std::filesystem::path module;         // the .so
    std::filesystem::path module_config;  // handed to Initialize; may be empty
    std::string ca_name;
};

// Loads step by step (file, dlopen with bind-now and local symbols, symbol, table, version, size,
// verbs, Initialize); the first failing step ends it with a configuration error that names the
// file and the step. The library is never unloaded. `log` outlives the policy.
Result<std::unique_ptr<Policy>> load_policy_module(const PolicyModuleOptions& options, Log& log);

}  // namespace ndes::scep
