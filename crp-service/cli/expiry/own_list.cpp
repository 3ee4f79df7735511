#include "crp-service/cli/expiry/own_list.h"

#include <algorithm>
#include <utility>

#include "common/expiry/module_client.h"
#include "crp-service/cli/connection.h"
#include "crp-service/cli/crpd_settings.h"
#include "crp-service/http/watched_files.h"
#include "scep-server/own_files.h"

namespace ndes::crp::cli {

namespace {

void add_all(std::vector<OwnFile>& all, const char* program, ExpiringList list) {
    for (Expiring& one : list) {
        const bool of_module = one.use.starts_with("module-");
        all.push_back({of_module ? "module" : program, std::move(one)});
    }
}

Result<ExpiringList> files_of_crpctl(const std::filesystem::path& path) {
    auto file = ConfigFile::load(path, kClientPrefix);
    if (!file) return pass_on(file);
    auto settings = read_client_settings(*file);
    if (!settings) return pass_on(settings);
    ExpiringList list;
    add_certificates(list, "client", settings->certificate, Take::first);
    add_key(list, "client", settings->key);
    add_certificates(list, "server-ca", settings->ca, Take::all);
    return list;
}

// Unreadable, then by time, then keys.
std::pair<int, WallTime> place_of(const OwnFile& one) {
    if (!one.what.fault.empty()) return {0, {}};
    return one.what.ends ? std::pair(1, *one.what.ends) : std::pair(2, WallTime{});
}

}  // namespace

bool is_broken(const Expiring& one, WallTime now) {
    return !one.fault.empty() || (one.ends && *one.ends <= now);
}

Result<std::vector<OwnFile>> list_own_files(const OwnListOrder& order, WallTime now) {
    std::vector<OwnFile> all;
    if (!order.ndesd_config.empty()) {
        auto config = scep::load_config(order.ndesd_config);
        if (!config) return pass_on(config);
        add_all(all, "ndesd", scep::own_files(*config, now));
    }
    if (!order.module_config.empty()) {
        const auto client = find_module_client(order.module_config);
        if (!client)
            return fail(ErrorCode::configuration,
                        order.module_config.string() + ": names no client certificate in [crp]");
        ExpiringList list;
        add_module_client(list, *client, now);
        add_all(all, "module", std::move(list));
    }
    if (!order.crpd_config.empty()) {
        auto config = read_crpd_settings(order.crpd_config);
        if (!config) return pass_on(config);
        add_all(all, "crpd", own_files(*config));
    }
    if (!order.client_config.empty()) {
        auto list = files_of_crpctl(order.client_config);
        if (!list) return pass_on(list);
        add_all(all, "crpctl", std::move(*list));
    }
    std::ranges::stable_sort(all, {}, place_of);
    return all;
}

}  // namespace ndes::crp::cli
