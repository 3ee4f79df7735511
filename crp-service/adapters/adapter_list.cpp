// THE list of adapters.
#include "crp-service/adapters/adapter_list.h"

#include <algorithm>
#include <array>

namespace ndes::crp {

namespace {

constexpr std::size_t kLeastSecret = 16;
constexpr std::size_t kMostSecret = 256;

}  // namespace

// ADAPTER(name and file): NAME.cpp has `AdapterKind NAME_adapter()`. An adapter whose file is not
// named here fails scripts/check_layers.sh.
// clang-format off
#define NDES_CRP_ADAPTERS(ADAPTER) \
    ADAPTER(step_ca) \
    ADAPTER(intune) \
    ADAPTER(mdm_webhook)
// clang-format on

#define NDES_CRP_DECLARE(NAME) AdapterKind NAME##_adapter();
NDES_CRP_ADAPTERS(NDES_CRP_DECLARE)
#undef NDES_CRP_DECLARE

std::span<const AdapterKind> all_adapters() {
#define NDES_CRP_LIST(NAME) NAME##_adapter(),
    static const std::array kinds{NDES_CRP_ADAPTERS(NDES_CRP_LIST)};
#undef NDES_CRP_LIST
    return kinds;
}

const AdapterKind* find_adapter_kind(std::string_view name) {
    const auto kinds = all_adapters();
    const auto found = std::ranges::find(kinds, name, &AdapterKind::name);
    return found == kinds.end() ? nullptr : &*found;
}

Result<Secret> read_text_secret(std::string_view text) {
    if (text.size() < kLeastSecret || text.size() > kMostSecret) {
        return fail(ErrorCode::configuration, "must hold 16 to 256 octets");
    }
    return Secret(text);
}

std::shared_ptr<Adapter> read_no_settings(ConfigTable&, bool) {
    return std::make_shared<Adapter>();
}

}  // namespace ndes::crp
