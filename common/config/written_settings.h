// What stands in one TOML file, key by key, whether a program knows the keys or not: for showing a
// configuration that may be the very thing that is wrong. Judges nothing. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "common/error.h"

namespace ndes {

struct WrittenSetting {
    std::string name;   // "server.listen", "caller[0].name"
    std::string value;  // texts as they are, lists as [a, b]
    std::uint32_t line = 0;
};

// In the file's order. not_found or configuration when it cannot be read or is not TOML, with the
// place, though not with the text that stands there.
Result<std::vector<WrittenSetting>> written_settings(const std::filesystem::path& file);

}  // namespace ndes
