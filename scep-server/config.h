// Config: every setting of ndesd, read strictly from ndesd.toml (see ndesd.sample.toml).
// Knows the meaning of no file that it names. Plain values; read once, at start.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "common/config/config_file.h"
#include "common/error.h"

namespace ndes::scep {

// The device listener.
struct ServerConfig {
    ListenAddress listen;
    // Both set: HTTPS. Neither: plain HTTP, which SCEP allows (RFC 8894 section 7.10).
    std::filesystem::path certificate_file;
    std::filesystem::path key_file;
    std::size_t worker_threads = 16;  // a worker is held while the CRP is asked
    std::size_t max_connections = 1024;
    std::size_t max_connections_per_address = 1024;
    std::size_t queued_requests = 256;
    std::chrono::milliseconds drain_timeout{10'000};
};

struct ScepConfig {
    std::string path = "/certsrv/mscep/";
    bool legacy_des_sha1 = false;
    bool allow_3des = true;
    bool allow_renewal = true;
    std::size_t max_message = 64 * 1024;  // octets, decoded
};

// Which template a request stands for, by its key usage.
struct TemplateConfig {
    std::string signature = "IPSECIntermediateOffline";        // 0x80
    std::string encryption = "IPSECIntermediateOffline";       // 0x20
    std::string general_purpose = "IPSECIntermediateOffline";  // 0xa0 or none
};

struct RaConfig {
    std::filesystem::path signing_certificate_file;
    std::filesystem::path signing_key_file;
    std::filesystem::path encryption_certificate_file;
    std::filesystem::path encryption_key_file;
};

struct IssuerConfig {
    std::string kind = "local";
    std::filesystem::path certificate_file;
    std::filesystem::path key_file;
    std::chrono::milliseconds backdate{5 * 60 * 1000};
    std::string hash = "SHA-256";
    int default_validity_days = 365;  // when the module leaves the contents to the request
};

struct PolicyConfig {
    std::filesystem::path module;
    std::filesystem::path module_config;
    std::chrono::milliseconds notify_retry_least{1000};
    std::chrono::milliseconds notify_retry_most{5 * 60 * 1000};
};

struct JournalConfig {
    std::filesystem::path path;
    bool create = false;
    std::filesystem::path key_file;
};

struct LogConfig {
    std::filesystem::path cmtrace_file;
    std::string level = "info";  // debug, info, warning, error
    bool to_stdout = true;
};

struct Config {
    ServerConfig server;
    ListenAddress health;
    ScepConfig scep;
    TemplateConfig templates;
    RaConfig ra;
    IssuerConfig issuer;
    PolicyConfig policy;
    JournalConfig journal;
    LogConfig log;
};

// Reads the file, conf.d and the environment (NDES_SECTION__KEY). configuration, with every fault
// at its place, one a line; nothing is returned while there is one.
Result<Config> load_config(const std::filesystem::path& path);

// As load_config, from text; for tests.
Result<Config> parse_config(std::string_view toml, std::string_view name);

}  // namespace ndes::scep
