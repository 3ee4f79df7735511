// AdminLogin: who calls the admin site: by client certificate, or by Basic over TLS. Guesses are
// slowed down for each address.
// Knows no page. Any thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/clock.h"
#include "common/http_server/http_message.h"
#include "common/logging/log.h"
#include "scep-server/config.h"
#include "scep-server/http/password_file.h"

namespace ndes::scep {

struct Login {
    enum class Kind {
        known,
        nobody,   // neither a certificate on the list nor a good password
        too_many  // wrong passwords from this address: not even looked at
    };
    Kind kind = Kind::nobody;
    const AdminCaller* caller = nullptr;  // of a known one; borrowed from the configuration
    bool by_certificate = false;
    std::string why;  // for the log and the caller; names no password
};

inline constexpr int kWrongPasswordsAllowed = 5;               // then
inline constexpr std::chrono::seconds kWrongPasswordTime{60};  // must pass since the last

class AdminLogin {
  public:
    // The references outlive the object.
    AdminLogin(const AdminConfig& config, std::shared_ptr<const PasswordFile> passwords, Log& log,
               const Clock& clock);

    Login identify(const http::Request& request, const http::Peer& peer);

    void replace(std::shared_ptr<const PasswordFile> passwords);

  private:
    struct Guesses {
        int wrong = 0;
        SteadyTime last{};
    };

    Login by_certificate(const http::Peer& peer) const;
    Login by_password(std::string_view authorization, const http::Peer& peer);
    bool may_guess(const std::string& address);
    void count_wrong(const std::string& address);

    const AdminConfig& config_;
    Log& log_;
    const Clock& clock_;
    // Guards both below; checking_ is held while a hash is computed, so that many callers at once
    // cost memory for one.
    std::mutex mutex_;
    std::mutex checking_;
    std::shared_ptr<const PasswordFile> passwords_;
    std::map<std::string, Guesses> guesses_;
};

}  // namespace ndes::scep
