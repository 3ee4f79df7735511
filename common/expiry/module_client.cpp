#include "common/expiry/module_client.h"

#include <utility>

#include "common/config/config_file.h"

namespace ndes {

using std::chrono::milliseconds;

std::optional<ModuleClient> find_module_client(const std::filesystem::path& module_config) {
    if (module_config.empty()) return std::nullopt;
    auto file = ConfigFile::load(module_config, "NDESPOLICY_");
    if (!file) return std::nullopt;
    ConfigTable crp = file->root().table("crp");
    ModuleClient client;
    client.certificate_file = crp.path("certificate_file");
    client.key_file = crp.path("key_file");
    client.store.folder = crp.path("certificate_store");
    client.server_ca_file = crp.path("server_ca_file");
    client.total_timeout = crp.duration("total_timeout", client.total_timeout, milliseconds(100),
                                        milliseconds(300'000));
    if (const std::string issuer = crp.text("certificate_issuer", ""); !issuer.empty())
        if (auto name = DistinguishedName::from_text(issuer)) client.store.issuer = *name;
    if (client.certificate_file.empty() && client.store.folder.empty()) return std::nullopt;
    return client;
}

Result<CertificateChoice> choose_module_client(const ModuleClient& client, WallTime now) {
    if (client.certificate_file.empty()) return choose_certificate(client.store, now);
    auto certificates = load_certificates(client.certificate_file);
    if (!certificates) return pass_on(certificates);
    return CertificateChoice{client.certificate_file, client.key_file, certificates->front(),
                             WallTime::max()};
}

void add_module_client(ExpiringList& list, const ModuleClient& client, WallTime now) {
    const char* const use = "module-client";
    if (const auto choice = choose_module_client(client, now)) {
        list.push_back(expiring_certificate(use, choice->certificate_file, choice->certificate));
        add_key(list, use, choice->key_file);
    } else {
        Expiring one;
        one.use = use;
        one.file = client.store.folder.empty() ? client.certificate_file : client.store.folder;
        one.id = one.file.string();
        one.fault = choice.error().text;
        list.push_back(std::move(one));
    }
    add_certificates(list, "module-server-ca", client.server_ca_file, Take::all);
}

}  // namespace ndes
