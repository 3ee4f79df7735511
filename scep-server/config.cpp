#include "scep-server/config.h"

#include <utility>

#include "common/logging/rolling_settings.h"
#include "scep-server/profile_config.h"

namespace ndes::scep {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kSecond{1000};

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

NotifyConfig read_notify(ConfigTable table) {
    NotifyConfig notify;
    notify.retry_least =
        table.duration("notify_retry_least", notify.retry_least, milliseconds{10}, 3600 * kSecond);
    notify.retry_most =
        table.duration("notify_retry_most", notify.retry_most, milliseconds{10}, kDay);
    if (notify.retry_most < notify.retry_least)
        table.fault("notify_retry_most", "must not be shorter than notify_retry_least");
    notify.tries = static_cast<int>(table.integer("notify_tries", notify.tries, 1, 1000));
    notify.most = static_cast<std::size_t>(
        table.integer("notify_most", static_cast<std::int64_t>(notify.most), 100, 10'000'000));
    notify.alarm_after =
        table.duration("notify_alarm_after", notify.alarm_after, kSecond, 7 * kDay);
    return notify;
}

AdminCaller read_caller(ConfigTable table) {
    AdminCaller caller;
    caller.name = table.required_text("name");
    if (caller.name.find(':') != std::string::npos) table.fault("name", "must not hold ':'");
    caller.spki_sha256 = table.text_list("spki_sha256");
    for (const std::string& pin : caller.spki_sha256)
        if (pin.size() != 64 || pin.find_first_not_of("0123456789abcdef") != std::string::npos)
            table.fault("spki_sha256", "must be of 64 lower-case hexadecimal digits each");
    caller.enroll = table.text_list("enroll");
    caller.administrator = table.boolean("administrator", false);
    caller.approve = table.boolean("approve", false);
    return caller;
}

AdminConfig read_admin(ConfigTable table) {
    AdminConfig admin;
    admin.enabled = table.present();
    if (!admin.enabled) return admin;
    admin.listen = read_listen(table, "127.0.0.1:8082");
    admin.certificate_file = table.required_path("certificate_file");
    admin.key_file = table.required_path("key_file");
    admin.client_ca_file = table.path("client_ca_file");
    admin.password_file = table.path("password_file");
    for (ConfigTable caller : table.tables("caller"))
        admin.callers.push_back(read_caller(caller));
    if (admin.client_ca_file.empty() && admin.password_file.empty())
        table.fault("client_ca_file",
                    "nobody could call: client_ca_file or password_file is needed");
    return admin;
}

JournalConfig read_journal(ConfigTable table) {
    JournalConfig journal;
    journal.path = table.required_path("path");
    journal.create = table.boolean("create", journal.create);
    journal.key_file = table.required_path("key_file");
    return journal;
}

Pkcs11Options read_pkcs11(ConfigTable table) {
    if (!table.present()) return {};
    return {table.required_path("module"), table.required_path("pin_file")};
}

EventsConfig read_events(ConfigTable table) {
    EventsConfig events;
    events.file = table.path("file");
    events.cmtrace = table.choice("format", "json", {"json", "cmtrace"}) == "cmtrace";
    return events;
}

LogConfig read_log(ConfigTable table) {
    LogConfig log;
    log.cmtrace_file = table.path("cmtrace_file");
    static_cast<void>(read_rolling(table));  // main reads them for itself
    log.level = table.choice("level", log.level, {"debug", "info", "warning", "error"});
    log.to_stdout = table.boolean("stdout", log.to_stdout);
    return log;
}

}  // namespace

Result<Config> read_config(ConfigFile& file) {
    ConfigTable root = file.root();
    Config config;
    config.server = read_server(root.table("server"));
    ConfigTable health = root.table("health");
    config.health = read_listen(health, "127.0.0.1:8081");
    config.admin = read_admin(root.table("admin"));
    config.profiles = read_profiles(root);
    config.notify = read_notify(root.table("policy"));
    config.journal = read_journal(root.table("journal"));
    config.pkcs11 = read_pkcs11(root.table("pkcs11"));
    config.events = read_events(root.table("events"));
    config.log = read_log(root.table("log"));
    if (auto finished = file.finish(); !finished) return pass_on(finished);
    return config;
}

Result<Config> load_config(const std::filesystem::path& path) {
    auto file = ConfigFile::load(path);
    if (!file) return pass_on(file);
    return read_config(*file);
}

Result<Config> parse_config(std::string_view toml, std::string_view name) {
    auto file = ConfigFile::parse(toml, name);
    if (!file) return pass_on(file);
    return read_config(*file);
}

}  // namespace ndes::scep
