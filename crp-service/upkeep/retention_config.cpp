#include "crp-service/upkeep/retention_config.h"

namespace ndes::crp {

using namespace std::chrono_literals;

RetentionConfig read_retention(ConfigTable table) {
    constexpr RetentionConfig::Time kDay = 24h;
    constexpr RetentionConfig::Time kLongest = 20 * 365 * kDay;
    RetentionConfig config;
    // One day at least: what is younger may still be asked about, whatever an operator wants.
    const auto keep = [&](std::string_view key, RetentionConfig::Time& time) {
        time = table.duration(key, time, kDay, kLongest);
    };
    config.purge = table.boolean("purge", config.purge);
    keep("challenges_after", config.challenges_after);
    keep("decisions_after", config.decisions_after);
    keep("certificates_after", config.certificates_after);
    keep("messages_after", config.messages_after);
    config.unconfirmed_after =
        table.duration("unconfirmed_after", config.unconfirmed_after, 1min, 90 * kDay);
    config.interval = table.duration("interval", config.interval, 1s, kDay);
    config.batch = static_cast<std::size_t>(
        table.integer("batch", static_cast<std::int64_t>(config.batch), 1, 10'000));
    config.batch_pause = table.duration("batch_pause", config.batch_pause, 0ms, 1min);
    config.most_clock_leap =
        table.duration("most_clock_leap", config.most_clock_leap, 1h, kLongest);
    return config;
}

}  // namespace ndes::crp
