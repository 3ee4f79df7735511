#include "common/config/quantity.h"

#include <array>
#include <charconv>
#include <limits>

namespace ndes {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// Ascending, each a multiple of the one before.
constexpr std::array kDurations = {Unit{"ms", 1}, Unit{"s", 1000}, Unit{"min", 60'000},
                                   Unit{"h", 3'600'000}, Unit{"d", 86'400'000}};
constexpr std::array kSizes = {Unit{"B", 1}, Unit{"KiB", 1ULL << 10}, Unit{"MiB", 1ULL << 20},
                               Unit{"GiB", 1ULL << 30}};

constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();

template <class Units>
std::optional<std::uint64_t> parse(std::string_view text, const Units& units) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [unit_begin, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc()) return {};
    const std::string_view name(unit_begin, static_cast<std::size_t>(end - unit_begin));
    for (const Unit& unit : units) {
        if (name != unit.name) continue;
        if (number > kMost / unit.factor) return {};
        return number * unit.factor;
    }
    return {};
}

template <class Units>
std::string format(std::uint64_t number, const Units& units) {
    const Unit* best = &units.front();
    for (const Unit& unit : units) {
        if (number != 0 && number % unit.factor == 0) best = &unit;
    }
    return std::to_string(number / best->factor) + std::string(best->name);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto ms = parse(text, kDurations);
    if (!ms) return {};
    return std::chrono::milliseconds(static_cast<std::int64_t>(*ms));
}

std::optional<std::uint64_t> parse_size(std::string_view text) { return parse(text, kSizes); }

std::string format_duration(std::chrono::milliseconds duration) {
    return format(static_cast<std::uint64_t>(duration.count()), kDurations);
}

std::string format_size(std::uint64_t octets) { return format(octets, kSizes); }

}  // namespace ndes
