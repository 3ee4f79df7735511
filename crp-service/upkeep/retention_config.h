// RetentionConfig: the [retention] settings; meanings, units and defaults stand in
// crpd.sample.toml. One thread, at start.
#pragma once

#include <chrono>
#include <cstddef>

#include "common/config/config_file.h"

namespace ndes::crp {

struct RetentionConfig {
    using Time = std::chrono::milliseconds;
    bool purge = true;
    Time challenges_after = std::chrono::hours(24 * 30);
    Time decisions_after = std::chrono::hours(24 * 180);
    Time certificates_after = std::chrono::hours(24 * 365);
    Time messages_after = std::chrono::hours(24 * 30);
    Time unconfirmed_after = std::chrono::hours(24);
    Time interval = std::chrono::minutes(10);
    std::size_t batch = 200;
    Time batch_pause{100};
    Time most_clock_leap = std::chrono::hours(24 * 7);
};

// Notes faults in `table`.
RetentionConfig read_retention(ConfigTable table);

}  // namespace ndes::crp
