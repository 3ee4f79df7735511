#include "crp-service/adapters/adapters_config.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "crp-service/adapters/adapter_list.h"

namespace ndes::crp {

namespace {

constexpr std::size_t kMaxCredentialId = 128;

CredentialFiles read_credential(ConfigTable& table, const std::filesystem::path& folder) {
    CredentialFiles credential;
    credential.id = table.required_text("id");
    const bool is_plain =
        std::ranges::all_of(credential.id, [](char c) { return c > 0x20 && c < 0x7f && c != ':'; });
    if (credential.id.size() > kMaxCredentialId || !is_plain) {
        table.fault("id", "must have at most 128 printable characters without spaces and \":\"");
    }
    for (const std::string& name : table.text_list("secret_files"))
        credential.secrets.push_back(folder / name);
    if (credential.secrets.empty() || credential.secrets.size() > 2) {
        table.fault("secret_files", "must name one file, or two during a rotation");
    }
    return credential;
}

}  // namespace

Adapters read_adapters(ConfigTable table) {
    Adapters adapters;
    for (const AdapterKind& kind : all_adapters()) {
        ConfigTable one = table.table(kind.name);
        const bool enabled = one.boolean("enabled", false);
        auto adapter = kind.read(one, enabled);
        if (enabled) adapters.emplace(kind.name, std::move(adapter));
    }
    return adapters;
}

void read_adapter_caller(ConfigTable& table, const std::filesystem::path& folder,
                         const Adapters& adapters, CallerRule& caller) {
    caller.adapter = table.text("adapter", "");
    for (ConfigTable& one : table.tables("credential"))
        caller.credentials.push_back(read_credential(one, folder));
    if (caller.adapter.empty()) {
        if (!caller.credentials.empty()) table.fault("credential", "needs `adapter`");
        return;
    }
    const AdapterKind* kind = find_adapter_kind(caller.adapter);
    if (kind == nullptr || !adapters.contains(caller.adapter)) {
        table.fault("adapter", "must be one of [adapters] with enabled = true");
        return;
    }
    if (caller.credentials.empty()) table.fault("adapter", "needs a [[caller.credential]]");
    if (!(caller.roles == RoleSet{kind->role})) {
        table.fault("roles", "must be \"" + std::string(to_string(kind->role)) +
                                 "\" alone for a caller of this adapter");
    }
    if (kind->one_template && caller.templates.size() != 1) {
        table.fault("templates", "must name exactly one: the adapter's protocol tells none");
    }
    if (caller.may_generate_challenges) {
        table.fault("may_generate_challenges", "is not for callers of an adapter");
    }
}

void check_adapter_callers(ConfigTable& root, const std::vector<CallerRule>& callers,
                           const Adapters& adapters) {
    std::set<std::pair<std::string, std::string>> ids;
    std::set<std::string, std::less<>> used;
    for (const CallerRule& caller : callers) {
        used.insert(caller.adapter);
        for (const CredentialFiles& one : caller.credentials) {
            if (ids.emplace(caller.adapter, one.id).second) continue;
            root.fault("caller", "credential id \"" + one.id + "\" stands twice for adapter " +
                                     caller.adapter);
        }
    }
    for (const auto& [name, adapter] : adapters) {
        if (!used.contains(name)) {
            root.fault("adapters",
                       name + " is enabled and no [[caller]] has adapter = \"" + name + "\"");
        }
    }
}

}  // namespace ndes::crp
