#include "policy-module/core/config.h"

#include <algorithm>
#include <charconv>

#include "common/crp_protocol/verify_v1.h"

namespace ndes::policy {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kHostCharacters = "abcdefghijklmnopqrstuvwxyz0123456789.-_";
constexpr std::string_view kPathCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";

bool consists_of(std::string_view text, std::string_view characters) {
    return text.find_first_not_of(characters) == std::string_view::npos;
}

Result<std::string> parse_host(std::string_view text) {
    std::string host(text);
    std::transform(host.begin(), host.end(), host.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (host.empty()) return bad_request("the host name is missing");
    if (host.front() == '[')
        return bad_request("an IPv6 address is not supported here; use a name");
    if (host.size() > 253 || !consists_of(host, kHostCharacters))
        return bad_request("the host name has a character that host names do not have");
    return host;
}

Result<std::uint16_t> parse_port(std::string_view text) {
    unsigned port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535)
        return bad_request("the port must be 1 to 65535");
    return static_cast<std::uint16_t>(port);
}

constexpr std::size_t kMostCrps = 8;

Result<std::string> parse_base_path(std::string_view path) {
    while (!path.empty() && path.back() == '/')
        path.remove_suffix(1);
    if (!consists_of(path, kPathCharacters))
        return bad_request("the path may hold unreserved characters only (no query, no %)");
    if (!path.ends_with(crp_protocol::kBasePath) && !path.ends_with(crp_protocol::kBasePathAlias))
        return bad_request("the path must end with " + std::string(crp_protocol::kBasePath) +
                           " or " + std::string(crp_protocol::kBasePathAlias));
    return std::string(path);
}

}  // namespace

Result<CrpAddress> parse_crp_url(std::string_view url) {
    constexpr std::string_view kScheme = "https://";
    if (!url.starts_with(kScheme)) return bad_request("must begin with https://");
    url.remove_prefix(kScheme.size());
    const auto slash = std::min(url.find('/'), url.size());
    const std::string_view authority = url.substr(0, slash);
    if (authority.find('@') != std::string_view::npos)
        return bad_request("a user name has no place here; the client certificate says who we are");

    CrpAddress address;
    const auto colon = authority.rfind(':');
    const bool has_port = colon != std::string_view::npos && !authority.ends_with(']');
    auto host = parse_host(has_port ? authority.substr(0, colon) : authority);
    if (!host) return pass_on(host);
    if (has_port) {
        auto port = parse_port(authority.substr(colon + 1));
        if (!port) return pass_on(port);
        address.port = *port;
    }
    auto base_path = parse_base_path(url.substr(slash));
    if (!base_path) return pass_on(base_path);
    address.host = std::move(*host);
    address.base_path = std::move(*base_path);
    return address;
}

namespace {

std::vector<CrpAddress> read_addresses(ConfigTable& crp) {
    const std::vector<std::string> urls = crp.text_list("urls");
    if (urls.empty() || urls.size() > kMostCrps)
        crp.fault("urls", "must be a list of 1 to 8 addresses, the preferred one first");
    std::vector<CrpAddress> addresses;
    for (const std::string& url : urls) {
        auto address = parse_crp_url(url);
        if (!address) {
            crp.fault("urls", url + ": " + address.error().text);
        } else if (std::ranges::find(addresses, *address) != addresses.end()) {
            crp.fault("urls", url + ": is there twice");
        } else {
            addresses.push_back(std::move(*address));
        }
    }
    return addresses;
}

void read_certificate(ConfigTable& crp, ModuleConfig& config) {
    config.certificate_store = crp.path("certificate_store");
    const std::string issuer = crp.text("certificate_issuer", "");
    if (config.certificate_store.empty()) {
        config.certificate_file = crp.required_path("certificate_file");
        config.key_file = crp.required_path("key_file");
        if (!issuer.empty()) crp.fault("certificate_issuer", "needs certificate_store");
        return;
    }
    if (!crp.path("certificate_file").empty() || !crp.path("key_file").empty())
        crp.fault("certificate_store", "stands in place of certificate_file and key_file");
    if (issuer.empty()) return;
    auto name = DistinguishedName::from_text(issuer);
    if (name)
        config.certificate_issuer = std::move(*name);
    else
        crp.fault("certificate_issuer", name.error().text);
}

void read_limits(ConfigTable& crp, ModuleConfig& config) {
    config.attempt_timeout = crp.duration("attempt_timeout", config.attempt_timeout,
                                          milliseconds(100), milliseconds(60'000));
    config.total_timeout = crp.duration("total_timeout", config.total_timeout, milliseconds(100),
                                        milliseconds(300'000));
    if (config.total_timeout < config.attempt_timeout)
        crp.fault("total_timeout", "must not be shorter than attempt_timeout");
    config.attempts = static_cast<int>(crp.integer("attempts", config.attempts, 1, 10));
    config.max_calls = static_cast<int>(crp.integer("max_calls", config.max_calls, 1, 1024));
    config.circuit_failures =
        static_cast<int>(crp.integer("circuit_failures", config.circuit_failures, 1, 100));
    config.circuit_least = crp.duration("circuit_least", config.circuit_least, milliseconds(100),
                                        milliseconds(60'000));
    config.circuit_most =
        crp.duration("circuit_most", config.circuit_most, milliseconds(100), milliseconds(600'000));
    if (config.circuit_most < config.circuit_least)
        crp.fault("circuit_most", "must not be shorter than circuit_least");
}

}  // namespace

Result<ModuleConfig> read_module_config(ConfigFile& file) {
    ModuleConfig config;
    ConfigTable crp = file.root().table("crp");
    config.crps = read_addresses(crp);
    read_certificate(crp, config);
    config.server_ca_file = crp.required_path("server_ca_file");
    read_limits(crp, config);
    auto finished = file.finish();
    if (!finished) return pass_on(finished);
    return config;
}

Result<ModuleConfig> load_module_config(const std::filesystem::path& path) {
    if (path.empty())
        return fail(ErrorCode::configuration,
                    "policy.module_config names no file; this module needs one");
    auto file = ConfigFile::load(path, "NDESPOLICY_");
    if (!file) return pass_on(file);
    return read_module_config(*file);
}

}  // namespace ndes::policy
