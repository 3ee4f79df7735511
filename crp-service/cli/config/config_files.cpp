#include "crp-service/cli/config/config_files.h"

#include <algorithm>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "common/crypto/key.h"
#include "crp-service/cli/connection.h"
#include "crp-service/cli/crpd_settings.h"
#include "crp-service/config.h"
#include "crp-service/http/material.h"
#include "policy-module/core/config.h"
#include "scep-server/config.h"

namespace ndes::crp::cli {

namespace {

namespace fs = std::filesystem;

Result<void> without_value(auto&& result) {
    if (!result) return pass_on(result);
    return {};
}

Result<void> check_trust(const fs::path& file) {
    return file.empty() ? Result<void>() : without_value(load_certificates(file));
}

// A key in a token is the program's own business.
Result<void> check_pair(const fs::path& certificate, const fs::path& key) {
    if (certificate.empty()) return {};
    auto chain = load_certificates(certificate);
    if (!chain) return pass_on(chain);
    if (key.empty()) return {};
    auto loaded = load_private_key(key);
    if (!loaded) return pass_on(loaded);
    if (chain->front().matches(loaded->get())) return {};
    return fail(ErrorCode::configuration,
                key.string() + ": is not the key of " + certificate.string());
}

Result<void> all_of(std::initializer_list<Result<void>> checks) {
    std::string text;
    for (const Result<void>& one : checks) {
        if (!one) text += (text.empty() ? "" : "\n") + one.error().text;
    }
    if (text.empty()) return {};
    return fail(ErrorCode::configuration, text);
}

Result<void> read_crpd(ConfigFile& file, const fs::path& folder) {
    return without_value(read_config(file, folder));
}

Result<void> check_crpd(const fs::path& file) {
    auto config = read_crpd_settings(file);
    if (!config) return pass_on(config);
    return without_value(load_material(*config, system_clock()));
}

Result<void> read_ndesd(ConfigFile& file, const fs::path&) {
    return without_value(scep::read_config(file));
}

Result<void> check_ndesd(const fs::path& file) {
    auto config = scep::load_config(file);
    if (!config) return pass_on(config);
    Result<void> found =
        all_of({check_pair(config->server.certificate_file, config->server.key_file),
                check_pair(config->admin.certificate_file, config->admin.key_file),
                check_trust(config->admin.client_ca_file)});
    for (const scep::ProfileConfig& profile : config->profiles) {
        const scep::RaConfig& ra = profile.ra;
        const scep::IssuerConfig& issuer = profile.issuer;
        found = all_of({found, check_pair(ra.signing_certificate_file, ra.signing_key.file),
                        check_pair(ra.encryption_certificate_file, ra.encryption_key.file),
                        check_pair(issuer.certificate_file, issuer.key.file),
                        check_trust(issuer.server_ca_file), check_trust(issuer.next_ca_file),
                        check_pair(issuer.client_certificate_file, issuer.client_key_file)});
    }
    return found;
}

Result<void> read_module(ConfigFile& file, const fs::path&) {
    return without_value(policy::read_module_config(file));
}

Result<void> check_module(const fs::path& file) {
    auto config = policy::load_module_config(file);
    if (!config) return pass_on(config);
    return all_of({check_pair(config->certificate_file, config->key_file),
                   check_trust(config->server_ca_file)});
}

Result<void> read_crpctl(ConfigFile& file, const fs::path&) {
    return without_value(read_client_settings(file));
}

Result<void> check_crpctl(const fs::path& path) {
    auto file = ConfigFile::load(path, kClientPrefix);
    if (!file) return pass_on(file);
    auto settings = read_client_settings(*file);
    if (!settings) return pass_on(settings);
    return all_of({check_pair(settings->certificate, settings->key), check_trust(settings->ca)});
}

// "password=secret" and "https://user:secret@host"
std::string without_passwords(std::string text) {
    constexpr std::string_view kMask = "***";
    for (std::size_t at = text.find("password="); at != std::string::npos;
         at = text.find("password=", at)) {
        at += std::string_view("password=").size();
        const std::size_t end = std::min(text.find_first_of(" ,]", at), text.size());
        text.replace(at, end - at, kMask);
    }
    const std::size_t host = text.find("://");
    if (host == std::string::npos) return text;
    const std::size_t end = std::min(text.find('/', host + 3), text.size());
    const std::size_t sign = text.rfind('@', end);
    const std::size_t colon = text.find(':', host + 3);
    if (sign != std::string::npos && sign > host && colon < sign)
        text.replace(colon + 1, sign - colon - 1, kMask);
    return text;
}

}  // namespace

const std::vector<ConfigFileKind>& config_file_kinds() {
    static const std::vector<ConfigFileKind> kinds = {
        {"ndesd", "ndesd", "NDES_", read_ndesd, check_ndesd},
        {"module", "ndes_policy_crp", "NDESPOLICY_", read_module, check_module},
        {"crpd", "crpd", "NDES_", read_crpd, check_crpd},
        {"crpctl", "crpctl", kClientPrefix, read_crpctl, check_crpctl},
    };
    return kinds;
}

Result<const ConfigFileKind*> kind_of_config(std::string_view program, const fs::path& file) {
    const std::string name = file.filename().string();
    for (const ConfigFileKind& kind : config_file_kinds()) {
        if (program.empty() ? name.starts_with(kind.stem) : program == kind.program) return &kind;
    }
    return fail(ErrorCode::bad_request, "the file's name does not tell whose it is: " + name,
                "give --program ndesd, module, crpd or crpctl");
}

Result<ReadConfig> read_config_of(const ConfigFileKind& kind, const fs::path& file) {
    auto opened = ConfigFile::load(file, kind.environment_prefix);
    if (!opened) return pass_on(opened);
    ReadConfig read{std::move(*opened), {}};
    read.faults = kind.read(read.file, fs::absolute(file).parent_path());
    return read;
}

std::string shown_value(const ConfigSetting& setting) { return without_passwords(setting.value); }

}  // namespace ndes::crp::cli
