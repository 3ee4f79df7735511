#include "scep-server/http/admin_login.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/secret.h"

namespace ndes::scep {
namespace {

constexpr std::size_t kMostAddresses = 10'000;

// "Basic " and base64 of "name:password" (RFC 7617); nothing if it is not that.
std::optional<std::pair<std::string, Secret>> read_basic(std::string_view header) {
    constexpr std::string_view kScheme = "basic ";
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    if (header.size() <= kScheme.size() ||
        !std::ranges::equal(header.substr(0, kScheme.size()), kScheme, {}, lower))
        return std::nullopt;
    auto decoded = from_base64(header.substr(kScheme.size()));
    if (!decoded) return std::nullopt;
    const Secret text(std::move(*decoded));
    const std::string_view view = as_text(text.expose());
    const std::size_t colon = view.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    return std::pair(std::string(view.substr(0, colon)), Secret(view.substr(colon + 1)));
}

}  // namespace

AdminLogin::AdminLogin(const AdminConfig& config, std::shared_ptr<const PasswordFile> passwords,
                       Log& log, const Clock& clock)
    : config_(config), log_(log), clock_(clock), passwords_(std::move(passwords)) {}

void AdminLogin::replace(std::shared_ptr<const PasswordFile> passwords) {
    const std::lock_guard lock(mutex_);
    passwords_ = std::move(passwords);
}

Login AdminLogin::identify(const http::Request& request, const http::Peer& peer) {
    Login login = by_certificate(peer);
    if (login.kind == Login::Kind::known) return login;
    const std::string_view authorization = request.header("authorization");
    return authorization.empty() ? login : by_password(authorization, peer);
}

Login AdminLogin::by_certificate(const http::Peer& peer) const {
    if (!peer.certificate) {
        Login login;
        login.why = peer.certificate_error.empty()
                        ? "no client certificate and no password was given"
                        : "the client certificate does not count: " + peer.certificate_error;
        return login;
    }
    const std::string pin = peer.certificate->spki_sha256();
    for (const AdminCaller& caller : config_.callers)
        if (std::ranges::find(caller.spki_sha256, pin) != caller.spki_sha256.end())
            return {Login::Kind::known, &caller, true, {}};
    return {Login::Kind::nobody, nullptr, false,
            "the client certificate is on no admin.caller's list (spki_sha256 " + pin + ")"};
}

Login AdminLogin::by_password(std::string_view authorization, const http::Peer& peer) {
    if (!may_guess(peer.address))
        return {Login::Kind::too_many, nullptr, false, "too many wrong passwords"};
    std::shared_ptr<const PasswordFile> passwords;
    {
        const std::lock_guard lock(mutex_);
        passwords = passwords_;
    }
    const auto basic = read_basic(authorization);
    if (basic && passwords) {
        const auto& [name, password] = *basic;
        const bool good = [&] {
            const std::lock_guard one_at_a_time(checking_);
            return passwords->matches(name, as_text(password.expose()));
        }();
        const auto caller = std::ranges::find(config_.callers, name, &AdminCaller::name);
        if (good && caller != config_.callers.end())
            return {Login::Kind::known, &*caller, false, {}};
    }
    count_wrong(peer.address);
    log_.note(Severity::warning, "admin site: a wrong user name or password",
              {{"address", peer.address}});
    return {Login::Kind::nobody, nullptr, false, "wrong user name or password"};
}

bool AdminLogin::may_guess(const std::string& address) {
    const std::lock_guard lock(mutex_);
    const auto found = guesses_.find(address);
    if (found == guesses_.end()) return true;
    if (clock_.steady_now() - found->second.last >= kWrongPasswordTime) {
        guesses_.erase(found);
        return true;
    }
    return found->second.wrong < kWrongPasswordsAllowed;
}

void AdminLogin::count_wrong(const std::string& address) {
    const std::lock_guard lock(mutex_);
    if (guesses_.size() >= kMostAddresses) guesses_.clear();
    Guesses& guesses = guesses_[address];
    ++guesses.wrong;
    guesses.last = clock_.steady_now();
}

}  // namespace ndes::scep
