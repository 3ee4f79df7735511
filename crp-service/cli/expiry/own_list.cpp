#include "crp-service/cli/expiry/own_list.h"

#include <algorithm>
#include <utility>

#include "common/expiry/module_client.h"
#include "crp-service/config.h"
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
        auto config = read_config(order.crpd_config);
        if (!config) return pass_on(config);
        add_all(all, "crpd", own_files(*config));
    }
    std::ranges::stable_sort(all, {}, place_of);
    return all;
}

}  // namespace ndes::crp::cli
