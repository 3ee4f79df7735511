#include "scep-server/listeners.h"

#include <algorithm>
#include <utility>

#include "common/expiry/module_client.h"
#include "common/tls/tls_context.h"

namespace ndes::scep {
namespace {

constexpr std::chrono::milliseconds kAdminGrace{1000};
constexpr std::chrono::milliseconds kOtherModule{20'000};  // of whose own limit nothing is known
// What is ours of an answer: journal and keys, and the wait for a worker.
constexpr std::chrono::milliseconds kOwnTime{20'000};

// Null: plain HTTP.
Result<std::shared_ptr<SSL_CTX>> load_tls(const ServerConfig& config) {
    if (config.certificate_file.empty()) return std::shared_ptr<SSL_CTX>();
    TlsServerFiles files;  // no client_ca: a device has no certificate yet
    files.certificate = config.certificate_file;
    files.key = config.key_file;
    return build_server_context(files);
}

Result<AdminFiles> load_admin(const AdminConfig& config) {
    if (!config.enabled) return AdminFiles{};
    TlsServerFiles files;
    files.certificate = config.certificate_file;
    files.key = config.key_file;
    files.client_ca = config.client_ca_file;
    auto tls = build_server_context(files);
    if (!tls) return pass_on(tls, "admin");
    PasswordFile passwords;
    if (!config.password_file.empty()) {
        auto loaded = PasswordFile::load(config.password_file);
        if (!loaded) return pass_on(loaded, "admin");
        passwords = std::move(*loaded);
    }
    return AdminFiles{std::move(*tls), std::make_shared<PasswordFile>(std::move(passwords))};
}

http::ServerOptions device_options(const Config& config, std::shared_ptr<SSL_CTX> tls) {
    http::ServerOptions options;
    options.address = config.server.listen.address;
    options.port = config.server.listen.port;
    options.tls = std::move(tls);
    options.worker_threads = config.server.worker_threads;
    options.limits.handler_timeout = answer_time(config);
    options.overdue = {503,
                       "text/plain",
                       "the request takes too long; repeat it later\n",
                       {{"Retry-After", "30"}}};
    options.limits.body_octets =
        std::ranges::max(config.profiles, {}, [](const ProfileConfig& profile) {
            return profile.scep.max_message;
        }).scep.max_message;
    options.limits.connections = config.server.max_connections;
    options.limits.connections_per_address = config.server.max_connections_per_address;
    options.limits.queued_requests = config.server.queued_requests;
    return options;
}

http::ServerOptions health_options(const Config& config) {
    http::ServerOptions options;
    options.address = config.health.address;
    options.port = config.health.port;
    options.worker_threads = 1;
    options.limits.body_octets = 0;
    options.limits.connections = 32;
    return options;
}

http::ServerOptions admin_options(const Config& config, std::shared_ptr<SSL_CTX> tls) {
    http::ServerOptions options;
    options.address = config.admin.listen.address;
    options.port = config.admin.listen.port;
    options.tls = std::move(tls);
    options.limits.handler_timeout = answer_time(config);  // challenges, approvals
    options.worker_threads = 4;
    options.limits.body_octets = 16 * 1024;
    options.limits.connections = 64;
    options.limits.connections_per_address = 32;
    return options;
}

void keep_old(Log& log, const char* listener, const Error& error) {
    log.note(Severity::error, "reload: files of a listener are unusable; those in use stay",
             {{"listener", listener}, {"cause", error.text}, {"detail", error.detail}});
}

}  // namespace

std::chrono::milliseconds answer_time(const Config& config) {
    std::chrono::milliseconds longest{0};
    for (const ProfileConfig& profile : config.profiles) {
        std::chrono::milliseconds time{0};
        if (profile.issuer.kind != "local") time += profile.issuer.deadline;
        if (!profile.policy.none) {
            const auto module = find_module_client(profile.policy.module_config);
            time += module ? module->total_timeout : kOtherModule;
        }
        longest = std::max(longest, time);
    }
    return longest + kOwnTime;
}

Result<ListenerFiles> load_listener_files(const Config& config) {
    auto tls = load_tls(config.server);
    if (!tls) return pass_on(tls, "server");
    auto admin = load_admin(config.admin);
    if (!admin) return pass_on(admin);
    return ListenerFiles{std::move(*tls), std::move(*admin)};
}

Result<std::unique_ptr<Listeners>> Listeners::start(const Config& config,
                                                    const ListenerFiles& files, Handlers handlers) {
    std::unique_ptr<Listeners> listeners(new Listeners(config));
    listeners->device_tls_ = files.device_tls;
    listeners->admin_tls_ = files.admin.tls;
    auto health = http::HttpServer::start(health_options(config), std::move(handlers.health));
    if (!health) return pass_on(health, "health listener");
    listeners->health_ = std::move(*health);
    if (config.admin.enabled) {
        auto admin = http::HttpServer::start(admin_options(config, files.admin.tls),
                                             std::move(handlers.admin));
        if (!admin) return pass_on(admin, "admin listener");
        listeners->admin_ = std::move(*admin);
    }
    auto device = http::HttpServer::start(device_options(config, files.device_tls),
                                          std::move(handlers.device));
    if (!device) return pass_on(device, "device listener");
    listeners->device_ = std::move(*device);
    return listeners;
}

bool Listeners::reload(AdminLogin& login, Log& log) {
    bool good = true;
    if (!config_.server.certificate_file.empty()) {
        if (auto tls = load_tls(config_.server)) {
            device_->replace_tls(*tls);
            const std::lock_guard lock(mutex_);
            device_tls_ = std::move(*tls);
        } else {
            keep_old(log, "server", tls.error());
            good = false;
        }
    }
    if (!config_.admin.enabled) return good;
    auto files = load_admin(config_.admin);
    if (!files) {
        keep_old(log, "admin", files.error());
        return false;
    }
    admin_->replace_tls(files->tls);
    login.replace(std::move(files->passwords));
    const std::lock_guard lock(mutex_);
    admin_tls_ = std::move(files->tls);
    return good;
}

std::vector<std::pair<std::string, Certificate>> Listeners::certificates() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::pair<std::string, Certificate>> all;
    for (const auto& [name, tls] :
         {std::pair("server", device_tls_), std::pair("admin", admin_tls_)}) {
        X509* const certificate = tls ? ::SSL_CTX_get0_certificate(tls.get()) : nullptr;
        if (certificate == nullptr) continue;
        if (auto copy = Certificate::from_handle(certificate))
            all.emplace_back(name, std::move(*copy));
    }
    return all;
}

void Listeners::stop_serving(std::chrono::milliseconds grace) {
    device_->stop(grace);
    if (admin_) admin_->stop(kAdminGrace);
}

}  // namespace ndes::scep
