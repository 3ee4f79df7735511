#include "crp-service/cli/connection.h"

#include <cstdlib>

namespace ndes::crp::cli {

namespace {

std::filesystem::path environment_path(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string without_path(const std::string& url) {
    const auto host = url.find("://");
    return host == std::string::npos ? url : url.substr(0, url.find('/', host + 3));
}

}  // namespace

std::filesystem::path client_settings_file() {
    if (const auto named = environment_path("CRPCTL_CONFIG"); !named.empty()) return named;
    std::filesystem::path own = environment_path("XDG_CONFIG_HOME");
    if (own.empty() && !environment_path("HOME").empty()) {
        own = environment_path("HOME") / ".config";
    }
    std::error_code error;
    if (!own.empty() && std::filesystem::exists(own / "crpctl.toml", error)) {
        return own / "crpctl.toml";
    }
    const std::filesystem::path common = "/etc/ndes-crp/crpctl.toml";
    return std::filesystem::exists(common, error) ? common : std::filesystem::path();
}

std::shared_ptr<RestTarget> add_rest_options(CLI::App& command, const RestProgram& program) {
    auto target = std::make_shared<RestTarget>();
    target->program = &program;
    command.add_option("--url", target->url, program.url_help)->envname(program.url_variable);
    command.add_option("--ca", target->server_ca, "PEM: who issued the server's certificate")
        ->envname("CRP_CA");
    command.add_option("--cert", target->certificate, "PEM: the caller's certificate")
        ->envname("ADMIN_CERT");
    command.add_option("--key", target->key, "PEM: the caller's key")->envname("ADMIN_KEY");
    return target;
}

Result<ClientSettings> read_client_settings(ConfigFile& file) {
    ConfigTable root = file.root();
    ClientSettings settings;
    settings.url = root.text(kCrpd.url_key, "");
    settings.ndesd_url = root.text(kNdesdAdmin.url_key, "");
    settings.health_url = root.text("health_url", "");
    settings.ca = root.path("ca");
    settings.certificate = root.path("cert");
    settings.key = root.path("key");
    if (auto sound = file.finish(); !sound) return pass_on(sound);
    return settings;
}

Result<void> complete_from_file(RestTarget& target) {
    const std::filesystem::path path = client_settings_file();
    if (path.empty()) return {};
    auto file = ConfigFile::load(path, kClientPrefix);
    if (!file) return pass_on(file);
    auto settings = read_client_settings(*file);
    if (!settings) return pass_on(settings);
    const auto fill = [](auto& value, auto from_file) {
        if (value.empty()) value = std::move(from_file);
    };
    fill(target.url, target.program == &kNdesdAdmin ? settings->ndesd_url : settings->url);
    fill(target.server_ca, settings->ca);
    fill(target.certificate, settings->certificate);
    fill(target.key, settings->key);
    fill(target.health_url, settings->health_url);
    return {};
}

Result<void> complete(RestTarget& target) {
    if (auto read = complete_from_file(target); !read) return read;
    if (target.program == &kNdesdAdmin) target.url = without_path(target.url);
    const std::string url = std::string("--url (") + target.program->url_variable + ", " +
                            target.program->url_key + ")";
    const char* missing = target.url.empty()           ? url.c_str()
                          : target.server_ca.empty()   ? "--ca (CRP_CA, ca)"
                          : target.certificate.empty() ? "--cert (ADMIN_CERT, cert)"
                          : target.key.empty()         ? "--key (ADMIN_KEY, key)"
                                                       : nullptr;
    if (missing == nullptr) return {};
    return fail(ErrorCode::bad_request, std::string(missing) + " is not set",
                "give the option, the environment variable or the key of crpctl.toml");
}

}  // namespace ndes::crp::cli
