#include "scep-server/config.h"

#include <utility>

namespace ndes::scep {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kSecond{1000};
constexpr milliseconds kDay = 24 * 60 * 60 * kSecond;
constexpr std::size_t kKibibyte = 1024;

ListenAddress read_listen(ConfigTable& table, std::string_view fallback) {
    auto listen = parse_listen_address(table.text("listen", fallback));
    if (listen) return *listen;
    table.fault("listen", listen.error().text);
    return {};
}

std::size_t read_count(ConfigTable& table, std::string_view key, std::size_t fallback,
                       std::int64_t most) {
    return static_cast<std::size_t>(
        table.integer(key, static_cast<std::int64_t>(fallback), 1, most));
}

ServerConfig read_server(ConfigTable table) {
    ServerConfig server;
    server.listen = read_listen(table, "127.0.0.1:8080");
    server.certificate_file = table.path("certificate_file");
    server.key_file = table.path("key_file");
    if (server.certificate_file.empty() != server.key_file.empty())
        table.fault(server.key_file.empty() ? "key_file" : "certificate_file",
                    "HTTPS needs both certificate_file and key_file");
    server.worker_threads = read_count(table, "worker_threads", server.worker_threads, 256);
    server.max_connections = read_count(table, "max_connections", server.max_connections, 65535);
    server.max_connections_per_address =
        read_count(table, "max_connections_per_address", server.max_connections_per_address, 65535);
    server.queued_requests = read_count(table, "queued_requests", server.queued_requests, 65535);
    server.drain_timeout =
        table.duration("drain_timeout", server.drain_timeout, kSecond, 600 * kSecond);
    return server;
}

ScepConfig read_scep(ConfigTable table) {
    ScepConfig scep;
    scep.path = table.text("path", scep.path);
    if (!scep.path.starts_with('/') || scep.path.find_first_not_of('/') == std::string::npos)
        table.fault("path", "must begin with '/' and name a folder");
    if (scep.path.find_first_of("?#% ") != std::string::npos)
        table.fault("path", "must not hold '?', '#', '%' or a space");
    scep.legacy_des_sha1 = table.boolean("legacy_des_sha1", scep.legacy_des_sha1);
    scep.allow_3des = table.boolean("allow_3des", scep.allow_3des);
    scep.allow_renewal = table.boolean("allow_renewal", scep.allow_renewal);
    scep.max_message = table.size("max_message", scep.max_message, 4 * kKibibyte, 1024 * kKibibyte);
    return scep;
}

TemplateConfig read_templates(ConfigTable table) {
    TemplateConfig templates;
    templates.signature = table.text("SignatureTemplate", templates.signature);
    templates.encryption = table.text("EncryptionTemplate", templates.encryption);
    templates.general_purpose = table.text("GeneralPurposeTemplate", templates.general_purpose);
    return templates;
}

RaConfig read_ra(ConfigTable table) {
    return {table.required_path("signing_certificate_file"),
            table.required_path("signing_key_file"),
            table.required_path("encryption_certificate_file"),
            table.required_path("encryption_key_file")};
}

IssuerConfig read_issuer(ConfigTable table) {
    IssuerConfig issuer;
    issuer.kind = table.choice("kind", issuer.kind, {"local"});
    issuer.certificate_file = table.required_path("certificate_file");
    issuer.key_file = table.required_path("key_file");
    issuer.backdate = table.duration("backdate", issuer.backdate, milliseconds{0}, kDay);
    issuer.hash = table.choice("hash", issuer.hash, {"SHA-256", "SHA-384", "SHA-512"});
    const milliseconds validity =
        table.duration("default_validity", 365 * kDay, kDay, 10 * 366 * kDay);
    issuer.default_validity_days = static_cast<int>(validity / kDay);
    return issuer;
}

PolicyConfig read_policy(ConfigTable table) {
    PolicyConfig policy;
    policy.module = table.required_path("module");
    policy.module_config = table.path("module_config");
    policy.notify_retry_least = table.duration("notify_retry_least", policy.notify_retry_least,
                                               milliseconds{10}, 3600 * kSecond);
    policy.notify_retry_most =
        table.duration("notify_retry_most", policy.notify_retry_most, milliseconds{10}, kDay);
    if (policy.notify_retry_most < policy.notify_retry_least)
        table.fault("notify_retry_most", "must not be shorter than notify_retry_least");
    return policy;
}

JournalConfig read_journal(ConfigTable table) {
    JournalConfig journal;
    journal.path = table.required_path("path");
    journal.create = table.boolean("create", journal.create);
    journal.key_file = table.required_path("key_file");
    return journal;
}

LogConfig read_log(ConfigTable table) {
    LogConfig log;
    log.cmtrace_file = table.path("cmtrace_file");
    log.level = table.choice("level", log.level, {"debug", "info", "warning", "error"});
    log.to_stdout = table.boolean("stdout", log.to_stdout);
    return log;
}

Result<Config> read_config(ConfigFile file) {
    ConfigTable root = file.root();
    Config config;
    config.server = read_server(root.table("server"));
    ConfigTable health = root.table("health");
    config.health = read_listen(health, "127.0.0.1:8081");
    config.scep = read_scep(root.table("scep"));
    config.templates = read_templates(root.table("mscep"));
    config.ra = read_ra(root.table("ra"));
    config.issuer = read_issuer(root.table("issuer"));
    config.policy = read_policy(root.table("policy"));
    config.journal = read_journal(root.table("journal"));
    config.log = read_log(root.table("log"));
    if (auto finished = file.finish(); !finished) return pass_on(finished);
    return config;
}

}  // namespace

Result<Config> load_config(const std::filesystem::path& path) {
    auto file = ConfigFile::load(path);
    if (!file) return pass_on(file);
    return read_config(std::move(*file));
}

Result<Config> parse_config(std::string_view toml, std::string_view name) {
    auto file = ConfigFile::parse(toml, name);
    if (!file) return pass_on(file);
    return read_config(std::move(*file));
}

}  // namespace ndes::scep
