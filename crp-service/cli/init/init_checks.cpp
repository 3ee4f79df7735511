#include "crp-service/cli/init/init_checks.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <pwd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/config/config_file.h"
#include "common/crypto/certificate.h"
#include "common/crypto/distinguished_name.h"
#include "common/crypto/key.h"
#include "common/utf8.h"

namespace ndes::crp::cli {

namespace {

namespace fs = std::filesystem;

constexpr const char* kNdesPath = "/certsrv/mscep/mscep.dll";
constexpr int kMostDays = 7300;

Result<void> must(bool good, const char* what) {
    if (good) return {};
    return fail(ErrorCode::bad_request, what);
}

bool consists_of_name(std::string_view text, std::string_view besides) {
    return std::ranges::all_of(text, [&](unsigned char c) {
        return std::isalnum(c) != 0 || besides.find(static_cast<char>(c)) != std::string_view::npos;
    });
}

std::optional<int> number_of(const std::string& text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

Result<void> check_any(const InitAnswers&, const std::string&) { return {}; }

Result<void> check_pki(const InitAnswers& answers, const std::string& text) {
    return must(text == "given" || answers.with_crp(),
                "a host with ndesd alone is given its certificates: crpctl init on crpd's host "
                "makes them, in the folder for-ndesd");
}

Result<void> check_absolute(const InitAnswers&, const std::string& text) {
    return must(text.starts_with('/') && is_utf8_without_controls(text), "must begin with /");
}

Result<void> check_absolute_folder(const InitAnswers& answers, const std::string& text) {
    if (auto good = check_absolute(answers, text); !good) return good;
    std::error_code error;
    return must(!fs::exists(text, error) || fs::is_directory(text, error), "is no folder");
}

Result<PublicUrl> parse_public_url(const std::string& text) {
    const std::size_t scheme = text.find("://");
    const bool https = text.starts_with("https://");
    if (scheme == std::string::npos || (!https && !text.starts_with("http://")))
        return fail(ErrorCode::bad_request, "must begin with http:// or https://");
    PublicUrl url;
    const std::size_t slash = std::min(text.find('/', scheme + 3), text.size());
    url.base = text.substr(0, slash);
    url.path = text.substr(slash);
    url.host = url.base.substr(scheme + 3);
    url.port = https ? 443 : 80;
    if (const std::size_t colon = url.host.rfind(':'); colon != std::string::npos) {
        const auto port = number_of(url.host.substr(colon + 1));
        if (!port || *port < 1 || *port > 65535)
            return fail(ErrorCode::bad_request, "the port must be 1 to 65535");
        url.port = static_cast<std::uint16_t>(*port);
        url.host.resize(colon);
    }
    if (url.host.empty() || !consists_of_name(url.host, ".-"))
        return fail(ErrorCode::bad_request, "must name a host");
    if (url.path.find_first_of("?#% ") != std::string::npos)
        return fail(ErrorCode::bad_request, "must not hold '?', '#', '%' or a space");
    return url;
}

Result<void> check_public_url(const InitAnswers&, const std::string& text) {
    auto url = parse_public_url(text);
    if (!url) return pass_on(url);
    return {};
}

Result<void> check_web_url(const InitAnswers& answers, const std::string& text) {
    return check_public_url(answers, text);
}

std::string scep_url(const InitAnswers& answers) {
    auto url = parse_public_url(answers.get("public_url"));
    if (!url) return {};
    return url->path.empty() || url->path == "/" ? url->base + kNdesPath : url->base + url->path;
}

std::string scep_path(const InitAnswers& answers) {
    auto url = parse_public_url(scep_url(answers));
    return url ? url->path.substr(0, url->path.rfind('/') + 1) : std::string();
}

std::string local_scep_url(const InitAnswers& answers) {
    const std::string told = scep_url(answers);
    const auto url = parse_public_url(told);
    auto listener = parse_listen_address(answers.get("scep_listen"));
    if (!url || !listener || (url->base.starts_with("http://") && url->port == listener->port))
        return told;
    const std::string host = listener->address == "0.0.0.0" ? "127.0.0.1" : listener->address;
    return "http://" + host + ":" + std::to_string(listener->port) + url->path;
}

std::optional<std::string> scep_listen_for(const InitAnswers& answers) {
    constexpr std::uint16_t kFirstForAll = 1024;
    auto url = parse_public_url(answers.get("public_url"));
    if (!url || !url->base.starts_with("http://") || url->port < kFirstForAll)
        return "127.0.0.1:8080";
    const bool here = url->host == "localhost" || url->host.starts_with("127.");
    return (here ? "127.0.0.1:" : "0.0.0.0:") + std::to_string(url->port);
}

Result<void> check_host(const InitAnswers&, const std::string& text) {
    return must(text.size() <= 253 && consists_of_name(text, ".-_"),
                "must be a host name or an IPv4 address");
}

Result<void> check_user(const InitAnswers&, const std::string& text) {
    if (auto good = must(::getpwnam(text.c_str()) != nullptr,
                         "there is no such user; install the package, or give another one");
        !good) {
        return good;
    }
    return must(::geteuid() == 0, "only root can give files to another user");
}

Result<void> check_listen(const InitAnswers& answers, const std::string& text) {
    auto address = parse_listen_address(text);
    if (!address) return pass_on(address);
    if (address->port == 0) return fail(ErrorCode::bad_request, "must name a port");
    for (const char* other : {"scep_listen", "ndesd_health_listen", "admin_listen", "crp_listen"}) {
        auto taken = parse_listen_address(answers.get(other));
        if (taken && taken->port == address->port)
            return fail(ErrorCode::bad_request, std::string("has the port of ") + other);
    }
    return {};
}

Result<void> check_readable(const InitAnswers&, const std::string& text) {
    std::error_code error;
    if (auto good = must(fs::is_regular_file(text, error), "is no file"); !good) return good;
    return must(::access(text.c_str(), R_OK) == 0, "cannot be read");
}

Result<void> check_certificates(const InitAnswers&, const std::string& text) {
    const auto found = load_certificates(text);
    if (!found) return fail(ErrorCode::bad_request, "holds no certificate in PEM");
    const WallTime now = system_clock().now();
    for (const Certificate& one : *found) {
        if (one.not_after() < now)
            return fail(ErrorCode::bad_request,
                        "has expired: " + one.subject_text() + ", " + to_rfc3339(one.not_after()));
        if (now < one.not_before())
            return fail(ErrorCode::bad_request, "is not valid yet: " + one.subject_text() + ", " +
                                                    to_rfc3339(one.not_before()));
    }
    return {};
}

Result<void> check_key(const InitAnswers&, const std::string& text) {
    const auto key = load_private_key(text);
    if (!key) return fail(ErrorCode::bad_request, key.error().text);
    return {};
}

Result<void> check_ca_name(const InitAnswers&, const std::string& text) {
    return must(text.size() <= 40 && consists_of_name(text, " .-_"),
                "must have at most 40 of A-Z a-z 0-9, space and . - _");
}

Result<void> check_days(const InitAnswers&, const std::string& text) {
    const auto days = number_of(text);
    return must(days && *days >= 1 && *days <= kMostDays, "must be 1 to 7300 days");
}

Result<void> check_certificate_days(const InitAnswers& answers, const std::string& text) {
    if (auto good = check_days(answers, text); !good) return good;
    return must(number_of(text) <= number_of(answers.get("ca_days")),
                "must not be more than ca_days");
}

Result<void> check_command(const InitAnswers& answers, const std::string& text) {
    const std::string program = text.substr(0, text.find(','));
    if (auto good = check_absolute(answers, program); !good) return good;
    return must(::access(program.c_str(), X_OK) == 0, "the program cannot be run");
}

Result<void> check_conninfo(const InitAnswers&, const std::string& text) {
    return must(text.find('=') != std::string::npos && is_utf8_without_controls(text),
                "must be libpq keywords such as host=db user=crp_run dbname=crp");
}

Result<void> check_name(const InitAnswers&, const std::string& text) {
    return must(text.size() <= 64 && consists_of_name(text, "._-@"),
                "must have 1 to 64 of A-Z a-z 0-9 and . _ - @");
}

Result<void> check_subject(const InitAnswers&, const std::string& text) {
    auto name = DistinguishedName::from_text(text);
    if (!name) return pass_on(name);
    return {};
}

}  // namespace ndes::crp::cli
