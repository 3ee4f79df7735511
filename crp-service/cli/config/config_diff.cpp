#include "crp-service/cli/config/config_diff.h"

#include <algorithm>

#include "common/config/quantity.h"
#include "crp-service/cli/config/config_files.h"

namespace ndes::crp::cli {

namespace {

bool same_value(const std::string& one, const std::string& other) {
    if (one == other) return true;
    const auto duration = parse_duration(one);
    if (duration && duration == parse_duration(other)) return true;
    const auto size = parse_size(one);
    if (size && size == parse_size(other)) return true;
    const auto as_bit = [](const std::string& text) {
        return text == "true" ? "1" : text == "false" ? "0" : text;
    };
    return as_bit(one) == as_bit(other);
}

const ConfigSetting* find_setting(const std::vector<ConfigSetting>& settings,
                                  const std::string& name) {
    const auto found = std::ranges::find(settings, name, &ConfigSetting::name);
    return found == settings.end() ? nullptr : &*found;
}

}  // namespace

std::vector<ConfigDifference> differences_from_defaults(
    const std::vector<ConfigSetting>& settings) {
    std::vector<ConfigDifference> found;
    for (const ConfigSetting& one : settings) {
        if (one.origin == "default" || (one.fallback && same_value(one.value, *one.fallback)))
            continue;
        found.push_back({one.name, shown_value(one), one.fallback.value_or("-"), one.origin});
    }
    return found;
}

std::vector<ConfigDifference> differences(const std::vector<ConfigSetting>& settings,
                                          const std::vector<ConfigSetting>& other) {
    std::vector<ConfigDifference> found;
    for (const ConfigSetting& one : settings) {
        const ConfigSetting* second = find_setting(other, one.name);
        if (second != nullptr && same_value(one.value, second->value)) continue;
        found.push_back({one.name, shown_value(one), second == nullptr ? "-" : shown_value(*second),
                         one.origin});
    }
    for (const ConfigSetting& one : other) {
        if (find_setting(settings, one.name) == nullptr)
            found.push_back({one.name, "-", shown_value(one), "-"});
    }
    return found;
}

}  // namespace ndes::crp::cli
