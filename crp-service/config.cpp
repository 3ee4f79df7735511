#include "crp-service/config.h"

#include <algorithm>
#include <climits>

#include <unistd.h>

#include "common/crypto/digest.h"
#include "common/logging/rolling_settings.h"
#include "common/process/build_id.h"
#include "crp-service/adapters/adapters_config.h"
#include "crp-service/http/callers_config.h"
#include "crp-service/state_messages/sinks_config.h"

namespace ndes::crp {

namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::size_t kConfigHashDigits = 16;

ListenAddress read_listen(ConfigTable& table) {
    const std::string text = table.required_text("listen");
    if (text.empty()) return {};
    auto address = parse_listen_address(text);
    if (!address) {
        table.fault("listen", address.error().text);
        return {};
    }
    return *address;
}

void read_server(ConfigTable table, CrpdConfig& config) {
    const ListenAddress listen = read_listen(table);
    config.server.address = listen.address;
    config.server.port = listen.port;
    config.tls_files.certificate = table.required_path("certificate_file");
    config.tls_files.key = table.required_path("key_file");
    config.tls_files.client_ca = table.required_path("client_ca_file");
    config.tls_files.client_crl = table.path("client_crl_file");
    config.tls_files.allow_tls12 = table.boolean("allow_tls12", true);
    http::ServerLimits& limits = config.server.limits;
    const auto count = [&](std::string_view key, std::int64_t fallback, std::int64_t most) {
        return static_cast<std::size_t>(table.integer(key, fallback, 1, most));
    };
    config.server.worker_threads = count("worker_threads", 32, 256);
    limits.connections = count("max_connections", 1024, 100'000);
    limits.connections_per_address = count("max_connections_per_address", 1024, 100'000);
    limits.queued_requests = count("queued_requests", 512, 100'000);
    limits.body_octets = table.size("max_body", 128 * 1024, 1024, 16 * 1024 * 1024);
    config.drain_timeout = table.duration("drain_timeout", 10s, 0ms, 10min);
}

void read_store(ConfigTable table, StoreOptions& store) {
    store.kind = table.choice("kind", "sqlite", {"sqlite", "postgresql"});
    store.readers = static_cast<std::size_t>(table.integer("readers", 8, 1, 64));
    if (store.kind == "sqlite") {
        store.path = table.required_path("path");
        return;
    }
    store.connection = table.text("connection", "");
    store.connection_file = table.path("connection_file");
    if (store.connection.empty() == store.connection_file.empty()) {
        table.fault("connection", "give either connection or connection_file");
    }
    store.node = table.text("node", store.node);
    if (store.node.empty() || store.node.size() > 64) {
        table.fault("node", "must have 1 to 64 octets");
    }
}

// Tells apart the crpd on one database, also two on one machine.
std::string default_node(const CrpdConfig& config) {
    char host[HOST_NAME_MAX + 1] = {};
    ::gethostname(host, sizeof(host) - 1);
    return std::string(host) + ":" + std::to_string(config.server.port);
}

using Paths = std::vector<std::filesystem::path>;

Paths read_paths(ConfigTable& table, std::string_view key, const std::filesystem::path& folder) {
    Paths paths;
    for (const std::string& name : table.text_list(key))
        paths.push_back(folder / name);  // an absolute name stays as it is
    return paths;
}

SealedSignerFiles read_sealed_signer(ConfigTable& table, const std::filesystem::path& folder) {
    SealedSignerFiles signer;
    signer.owner = table.required_text("owner");
    signer.certificates = read_paths(table, "certificate_files", folder);
    signer.spki_sha256 = read_pins(table);
    signer.issuers = read_paths(table, "issuer_files", folder);
    signer.san = read_san(table);
    if (signer.issuers.empty() == !table.text("san", "").empty()) {
        table.fault("issuer_files", "issuer_files and san must be given together");
    }
    if (signer.certificates.empty() && signer.spki_sha256.empty() && signer.issuers.empty()) {
        table.fault("certificate_files",
                    "give certificate_files, spki_sha256, or issuer_files and san");
    }
    return signer;
}

void read_sealed(ConfigTable& table, const std::filesystem::path& folder, CrpdConfig& config) {
    ChallengeKeyFiles& files = config.challenge.files;
    for (ConfigTable& one : table.tables("sealed_recipient")) {
        files.recipients.push_back(
            {one.required_path("certificate_file"), one.required_path("key_file")});
    }
    for (ConfigTable& one : table.tables("sealed_signer"))
        files.signers.push_back(read_sealed_signer(one, folder));
    config.validation.crp_name = table.text("audience", "");
    if (config.validation.crp_name.size() > 64) {
        table.fault("audience", "must have at most 64 octets");
    }
    if (files.signers.empty() != files.recipients.empty()) {
        table.fault("sealed_signer", "needs a sealed_recipient, and the reverse");
    } else if (!files.signers.empty() && config.validation.crp_name.empty()) {
        table.fault("audience", "is needed for sealed challenges");
    }
}

void read_challenge(ConfigTable table, const std::filesystem::path& folder, CrpdConfig& config) {
    ChallengeConfig& challenge = config.challenge;
    challenge.files.keys = read_paths(table, "key_files", folder);
    if (challenge.files.keys.empty()) table.fault("key_files", "must name at least one file");
    challenge.files.peppers = read_paths(table, "pepper_files", folder);
    if (challenge.files.peppers.empty()) table.fault("pepper_files", "must name at least one file");
    challenge.scep_url = table.required_text("scep_url");
    if (!challenge.scep_url.starts_with("http://") && !challenge.scep_url.starts_with("https://")) {
        table.fault("scep_url", "must begin with http:// or https://");
    }
    challenge.ca_certificate_file = table.required_path("ca_certificate_file");
    read_sealed(table, folder, config);
}

void read_validation(ConfigTable table, ValidationOptions& validation) {
    validation.skip_template_check = table.boolean("SkipTemplateCheck", false);
    validation.skip_template_check_if_access_denied =
        table.boolean("SkipTemplateCheckOnlyIfAccountAccessDenied", false);
    validation.clock_tolerance = std::chrono::duration_cast<std::chrono::seconds>(
        table.duration("clock_tolerance", 5min, 0ms, 1h));
}

// What an MDM seals is its own, and bound by its [[caller]] table, as what it posts: by when that
// is in force, and by the CRL for callers.
void bind_signers(ConfigTable& challenge, CrpdConfig& config) {
    config.challenge.files.client_ca = config.tls_files.client_ca;
    config.challenge.files.client_crl = config.tls_files.client_crl;
    for (SealedSignerFiles& signer : config.challenge.files.signers) {
        const auto caller = std::ranges::find_if(config.callers, [&](const CallerRule& one) {
            return one.name == signer.owner && one.roles.has(Role::mdm);
        });
        if (caller != config.callers.end()) {
            signer.validity = caller->validity;
        } else {
            challenge.fault("sealed_signer",
                            "owner \"" + signer.owner + "\" is no [[caller]] with the role mdm");
        }
    }
}

void read_audit(ConfigTable table, AuditConfig& audit) {
    audit.signing_key_file = table.path("signing_key_file");
    audit.checkpoint_file = table.path("checkpoint_file");
    audit.checkpoint_records = table.integer("checkpoint_records", 1000, 1, 1'000'000);
    audit.checkpoint_interval = table.duration("checkpoint_interval", 60s, 1s, 24h);
    if (audit.signing_key_file.empty() && !audit.checkpoint_file.empty()) {
        table.fault("checkpoint_file", "needs signing_key_file");
    }
}

void read_log(ConfigTable table, LogOptions& log) {
    log.program = "crpd";
    log.component = "CertificateRegistrationPoint";
    log.cmtrace_file = table.path("cmtrace_file");
    const std::string level = table.choice("level", "info", {"debug", "info", "warning", "error"});
    log.least = level == "debug"     ? Severity::debug
                : level == "warning" ? Severity::warning
                : level == "error"   ? Severity::error
                                     : Severity::info;
    log.to_stdout = table.boolean("stdout", true);
    static_cast<void>(read_rolling(table));  // main reads them for itself
}

// What Reloader puts in force: callers, challenges, validation, and files of TLS and sinks.
bool is_taken_by_reload(const std::string& name) {
    for (const char* begin : {"caller", "challenge.", "validation.", "adapters."})
        if (name.starts_with(begin)) return true;
    if (!name.starts_with("server.") && !name.starts_with("state_messages.")) return false;
    return name.find("_file") != std::string::npos;
}

// Whoever set them: the same settings have the same hash, in a file or by the environment.
std::string hash_of(const std::vector<ConfigSetting>& settings) {
    std::string text;
    for (const ConfigSetting& setting : settings)
        text += setting.name + "=" + setting.value + "\n";
    return sha256_hex(as_bytes(text)).substr(0, kConfigHashDigits);
}

}  // namespace

Result<CrpdConfig> read_config(ConfigFile& file, const std::filesystem::path& folder) {
    CrpdConfig config;
    ConfigTable root = file.root();
    read_server(root.table("server"), config);
    ConfigTable health = root.table("health");
    config.health = read_listen(health);
    config.store.node = default_node(config);
    read_store(root.table("store"), config.store);
    ConfigTable challenge = root.table("challenge");
    read_challenge(challenge, folder, config);
    read_validation(root.table("validation"), config.validation);
    config.adapters = read_adapters(root.table("adapters"));
    config.callers = read_callers(root, folder, config.adapters);
    for (const CallerRule& caller : config.callers)
        if (!caller.templates.empty())
            config.validation.templates_of[caller.name] = caller.templates;
    bind_signers(challenge, config);
    if (config.callers.empty()) root.fault("caller", "at least one [[caller]] is needed");
    config.state_messages = read_sinks(root.table("state_messages"), folder);
    config.validation.seals_state_messages = !config.state_messages.inbox_seal.empty();
    read_audit(root.table("audit"), config.audit);
    config.retention = read_retention(root.table("retention"));
    read_log(root.table("log"), config.log);
    if (auto sound = file.finish(); !sound) return pass_on(sound);
    std::vector<ConfigSetting> settings = file.settings();
    config.hash = hash_of(settings);
    std::erase_if(settings, [](const ConfigSetting& one) { return is_taken_by_reload(one.name); });
    config.start_hash = hash_of(settings);
    config.validation.software = version_and_build(NDES_VERSION);
    config.validation.config_hash = config.hash;
    return config;
}

Result<CrpdConfig> read_config(const std::filesystem::path& file) {
    auto opened = ConfigFile::load(file);
    if (!opened) return pass_on(opened);
    return read_config(*opened, std::filesystem::absolute(file).parent_path());
}

Result<StoreOptions> read_store_options(const std::filesystem::path& file) {
    auto config = read_config(file);
    if (!config) return pass_on(config);
    return config->store;
}

}  // namespace ndes::crp
