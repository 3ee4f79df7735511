// AdapterKind: what an adapter is: its paths, and how its settings and secrets are read.
// The list of all of them is adapter_list.cpp. Constant data; any thread.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "common/config/config_file.h"
#include "common/secret.h"
#include "crp-service/adapters/adapter.h"
#include "crp-service/http/caller.h"
#include "crp-service/http/routes.h"

namespace ndes::crp {

struct AdapterKind {
    std::string_view name;  // "step_ca": of [adapters.step_ca] and of `adapter` of a [[caller]]
    Role role;              // that its callers have
    // True: the protocol names no template, so its callers have exactly one in `templates`.
    bool one_template;
    std::span<const Route> routes;  // each with `prove`
    // From the text of a secret file, without its last line end, to the octets that count.
    // configuration with what the file must hold.
    Result<Secret> (*read_secret)(std::string_view text);
    // The settings of [adapters.NAME] beside `enabled`, without which none of them is needed;
    // faults are noted in the table.
    std::shared_ptr<Adapter> (*read)(ConfigTable& table, bool enabled);
};

std::span<const AdapterKind> all_adapters();
const AdapterKind* find_adapter_kind(std::string_view name);  // null if there is none

// As read_secret: the text itself, 16 to 256 octets.
Result<Secret> read_text_secret(std::string_view text);
// As read: no settings.
std::shared_ptr<Adapter> read_no_settings(ConfigTable& table, bool enabled);

}  // namespace ndes::crp
