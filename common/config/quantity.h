// Quantities: text with a unit, "10s" or "64KiB", to numbers and back.
// Knows no setting. Pure functions; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ndes {

inline constexpr std::string_view kDurationUnits = "ms, s, min, h or d";
inline constexpr std::string_view kSizeUnits = "B, KiB, MiB or GiB";

// A whole number at once followed by a unit; none otherwise, or if it does not fit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
std::optional<std::uint64_t> parse_size(std::string_view text);

// In the largest unit that gives a whole number: 90s, 2min.
std::string format_duration(std::chrono::milliseconds duration);
std::string format_size(std::uint64_t octets);

}  // namespace ndes
