// Config: every setting of ndesd, read strictly from ndesd.toml (see ndesd.sample.toml).
// Knows the meaning of no file that it names. Plain values; read once, at start.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config_file.h"
#include "common/crypto/key_source.h"
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
    int minimum_rsa_bits = 2048;          // of a key that a certificate is asked for
    std::size_t max_message = 64 * 1024;  // octets, decoded
    std::string fail_info_text;           // told with every FAILURE; empty: none
};

// Which template a request stands for, by its key usage.
struct TemplateConfig {
    std::string signature = "IPSECIntermediateOffline";        // 0x80
    std::string encryption = "IPSECIntermediateOffline";       // 0x20
    std::string general_purpose = "IPSECIntermediateOffline";  // 0xa0 or none
};

// The values of NDES' registry, with its names, units and defaults (README, "NDES' registry").
struct MscepConfig {
    TemplateConfig templates;
    bool enforce_password = true;
    bool enterprise_ca = true;  // CAType
    std::string configuration;  // CAInfo's "machine\CA"; empty: the CA's own name
    std::chrono::days refresh_period{7};
    std::chrono::minutes cache_request{20};
    std::size_t password_max = 5;
    std::string password_vdir = "mscep_admin";  // empty: any
    std::chrono::minutes password_validity{60};
    std::size_t password_length = 8;  // octets; told as twice as many hexadecimal digits
    std::string hash_algorithm = "SHA256";
    bool disable_renewal_subject_name_match = false;
    bool use_single_password = false;
    std::filesystem::path encrypted_password = "EncryptedPassword";
};

// Either a folder to choose from, or the two pairs by name.
struct RaConfig {
    std::filesystem::path signing_certificate_file;
    KeySource signing_key;
    std::filesystem::path encryption_certificate_file;
    KeySource encryption_key;
    std::filesystem::path store = {};  // see enroll/ra_store.h; empty: the files above
    // How long the key-exchange certificate of before still opens requests.
    std::chrono::milliseconds overlap{24 * 60 * 60 * 1000};
    bool auto_renew = false;  // with store and the local issuer: see enroll/ra_renewal.h
    std::chrono::milliseconds renew_before = std::chrono::days(30);
    std::chrono::milliseconds renew_validity = std::chrono::days(365);
};

// Which CA issues. What belongs to another `kind` is not read.
struct IssuerConfig {
    std::string kind = "local";              // local, cfssl, est, command
    std::filesystem::path certificate_file;  // the CA, then its chain up to the root
    std::filesystem::path crl_file;          // what GetCRL hands out; empty: no CRL
    std::filesystem::path next_ca_file;      // the CA's successor; empty: no GetNextCACert
    bool manual_approval = false;
    int default_validity_days = 365;  // when the module leaves the contents to the request
    // local
    KeySource key;
    std::chrono::milliseconds backdate{5 * 60 * 1000};
    std::string hash = "SHA-256";
    // From thisUpdate to nextUpdate of the CRL that we make; 0: crl_file is made by somebody else.
    std::chrono::milliseconds crl_lifetime{0};
    bool makes_crl() const { return crl_lifetime > std::chrono::milliseconds(0); }
    // cfssl, est
    std::string url;
    std::filesystem::path server_ca_file;
    // est
    std::filesystem::path client_certificate_file;
    std::filesystem::path client_key_file;
    // cfssl
    std::filesystem::path auth_key_file;
    std::string profile;
    std::string label;
    // command
    std::vector<std::string> command;
    // cfssl, est, command
    std::chrono::milliseconds deadline{20'000};  // of one request
};

struct PolicyConfig {
    bool none = false;  // "none": NDES' own password cache decides
    std::filesystem::path module;
    std::filesystem::path module_config;
    bool own = false;  // a profile's own settings: the module is initialised for it apart
    // The module's client certificate is renewed by our CA: see enroll/ra_renewal.h.
    bool renew_client = false;
    bool renew_client_new_key = false;
};

// One SCEP URL and what happens to the requests that come to it.
struct ProfileConfig {
    std::string name;  // empty: that of the top-level tables
    ScepConfig scep;
    MscepConfig mscep;
    RaConfig ra;
    IssuerConfig issuer;
    PolicyConfig policy;
};

// Who may use the admin site.
struct AdminCaller {
    std::string name;                      // also the user name of Basic
    std::vector<std::string> spki_sha256;  // of client certificates; lower-case hex
    std::vector<std::string> enroll;       // templates with Enroll permission; "*": all
    bool administrator = false;            // what a stand-alone CA (CAType 0) asks for
    bool approve = false;                  // may approve and deny pending requests
};

// The admin site; not served while `enabled` is false.
struct AdminConfig {
    bool enabled = false;
    ListenAddress listen;
    std::filesystem::path certificate_file;
    std::filesystem::path key_file;
    std::filesystem::path client_ca_file;  // empty: no client certificates
    std::filesystem::path password_file;   // empty: no Basic
    std::vector<AdminCaller> callers;
};

struct NotifyConfig {
    std::chrono::milliseconds retry_least{1000};
    std::chrono::milliseconds retry_most{5 * 60 * 1000};
    int tries = 20;
    std::size_t most = 100'000;
    std::chrono::milliseconds alarm_after{15 * 60 * 1000};
};

struct JournalConfig {
    std::filesystem::path path;
    bool create = false;
    std::filesystem::path key_file;
};

// The event file; see enroll/ndes_event.h.
struct EventsConfig {
    std::filesystem::path file;  // empty: none
    bool cmtrace = false;        // else JSON lines
};

struct LogConfig {
    std::filesystem::path cmtrace_file;
    std::string level = "info";  // debug, info, warning, error
    bool to_stdout = true;
};

struct Config {
    ServerConfig server;
    ListenAddress health;
    AdminConfig admin;
    std::vector<ProfileConfig> profiles;  // the first is that of the top-level tables
    NotifyConfig notify;
    JournalConfig journal;
    Pkcs11Options pkcs11;  // module empty: no token
    EventsConfig events;
    LogConfig log;
};

// Reads the file, conf.d and the environment (NDES_SECTION__KEY). configuration, with every fault
// at its place, one a line; nothing is returned while there is one.
Result<Config> load_config(const std::filesystem::path& path);

// As load_config, from an opened file.
Result<Config> read_config(ConfigFile& file);

// As load_config, from text; for tests.
Result<Config> parse_config(std::string_view toml, std::string_view name);

}  // namespace ndes::scep
