#include "common/logging/rolling_settings.h"

namespace ndes {
namespace {

constexpr std::size_t kMostLogOctets = std::size_t{10} << 20;
constexpr std::size_t kMostLogLimit = std::size_t{4} << 30;

}  // namespace

RollingRule read_rolling(ConfigTable& log) {
    RollingRule rule;
    rule.most_octets = log.size("cmtrace_max_size", kMostLogOctets, 0, kMostLogLimit);
    rule.keep = static_cast<std::size_t>(log.integer("cmtrace_keep", 5, 0, 1000));
    return rule;
}

Result<RollingRule> load_rolling(const std::filesystem::path& config) {
    auto file = ConfigFile::load(config);
    if (!file) return pass_on(file);
    ConfigTable log = file->root().table("log");
    return read_rolling(log);
}

}  // namespace ndes
