// AuditConfig: the [audit] settings; meanings, units and defaults stand in crpd.sample.toml.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace ndes::crp {

struct AuditConfig {
    std::filesystem::path signing_key_file;  // empty: no checkpoints
    std::filesystem::path checkpoint_file;   // empty: in the database alone
    std::int64_t checkpoint_records = 1000;
    std::chrono::milliseconds checkpoint_interval{60'000};
};
}  // namespace ndes::crp
