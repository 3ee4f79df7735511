// Listeners: the HTTP servers of ndesd (devices, health, admin site) and the TLS files of two of
// them. Knows no request: what is received goes to the handlers.
// start, reload and stop_* in one thread; the rest any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <openssl/ssl.h>

#include "common/crypto/certificate.h"
#include "common/error.h"
#include "common/http_server/http_server.h"
#include "common/logging/log.h"
#include "scep-server/config.h"
#include "scep-server/http/admin_login.h"
#include "scep-server/http/password_file.h"

namespace ndes::scep {

// What the admin site needs of its files; both null without one.
struct AdminFiles {
    std::shared_ptr<SSL_CTX> tls;
    std::shared_ptr<const PasswordFile> passwords;
};

struct ListenerFiles {
    std::shared_ptr<SSL_CTX> device_tls;  // null: plain HTTP
    AdminFiles admin;
};

// configuration or not_found, naming the table and the file.
Result<ListenerFiles> load_listener_files(const Config& config);

struct Handlers {
    http::Handler device;
    http::Handler health;
    http::Handler admin;  // unused without an admin site
};

// How long the answer to a device may take by what the settings allow module and CA.
std::chrono::milliseconds answer_time(const Config& config);

class Listeners {
  public:
    // Health first, so that a probe sees the start; devices last. The configuration outlives the
    // listeners.
    static Result<std::unique_ptr<Listeners>> start(const Config& config,
                                                    const ListenerFiles& files, Handlers handlers);

    // Takes TLS and password files anew; what is wrong is noted, and what was in use stays. True
    // when nothing was wrong.
    bool reload(AdminLogin& login, Log& log);

    // No new requests; what is at work is answered within `grace`.
    void stop_serving(std::chrono::milliseconds grace);
    void stop_health() { health_->stop(std::chrono::milliseconds(0)); }

    const http::HttpServer& device() const { return *device_; }
    const http::HttpServer& health() const { return *health_; }
    const http::HttpServer* admin() const { return admin_.get(); }  // null without an admin site

    // Their own certificates, those of them that speak TLS; the name of the listener with each.
    std::vector<std::pair<std::string, Certificate>> certificates() const;

  private:
    explicit Listeners(const Config& config) : config_(config) {}

    const Config& config_;
    mutable std::mutex mutex_;  // guards the two below: a reload replaces what others ask for
    std::shared_ptr<SSL_CTX> device_tls_;
    std::shared_ptr<SSL_CTX> admin_tls_;
    std::unique_ptr<http::HttpServer> health_;
    std::unique_ptr<http::HttpServer> admin_;
    std::unique_ptr<http::HttpServer> device_;
};

}  // namespace ndes::scep
