#include "crp-service/cli/crpd_settings.h"

#include <cstdlib>

namespace ndes::crp::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCredentials = "/run/credentials/";

// Everything that may be a secret, and so a credential.
template <class Visit>
void for_each_secret(CrpdConfig& config, const Visit& visit) {
    visit(config.tls_files.key);
    visit(config.store.connection_file);
    for (fs::path& file : config.challenge.files.keys)
        visit(file);
    for (fs::path& file : config.challenge.files.peppers)
        visit(file);
    for (SealedRecipientFiles& recipient : config.challenge.files.recipients)
        visit(recipient.key);
    visit(config.state_messages.inbox_seal.signing_key);
    for (WebhookOptions& hook : config.state_messages.webhooks) {
        visit(hook.client_key);
        for (fs::path& file : hook.secret_files)
            visit(file);
    }
    for (CallerRule& caller : config.callers)
        for (CredentialFiles& credential : caller.credentials)
            for (fs::path& file : credential.secrets)
                visit(file);
    visit(config.audit.signing_key_file);
}

bool is_handed_to_us(const fs::path& path) {
    const char* ours = std::getenv("CREDENTIALS_DIRECTORY");
    return ours != nullptr && path.parent_path() == ours;
}

}  // namespace

fs::path source_of_credential(const fs::path& credential, const fs::path& config_folder) {
    if (!credential.string().starts_with(kCredentials) || is_handed_to_us(credential))
        return credential;
    const std::string name = credential.filename().string();
    for (std::size_t bar = name.find('_'); bar != std::string::npos;
         bar = name.find('_', bar + 1)) {
        std::error_code ignored;
        const fs::path folder = config_folder / name.substr(0, bar);
        if (bar > 0 && fs::is_directory(folder, ignored)) return folder / name.substr(bar + 1);
    }
    return credential;
}

Result<CrpdConfig> read_crpd_settings(const fs::path& file) {
    auto config = read_config(file);
    if (!config) return config;
    const fs::path folder = fs::absolute(file).parent_path();
    for_each_secret(*config, [&](fs::path& path) { path = source_of_credential(path, folder); });
    return config;
}

std::set<std::string> credential_sources(const fs::path& file) {
    std::set<std::string> sources;
    auto config = read_config(file);
    if (!config) return sources;
    const fs::path folder = fs::absolute(file).parent_path();
    for_each_secret(*config, [&](const fs::path& path) {
        if (const fs::path source = source_of_credential(path, folder); source != path)
            sources.insert(source.string());
    });
    return sources;
}

}  // namespace ndes::crp::cli
