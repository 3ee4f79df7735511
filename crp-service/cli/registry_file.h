// RegistryFile: reads what Windows' regedit exports: "Windows Registry Editor Version 5.00" in
// UTF-16LE with byte order mark (or UTF-8), and "REGEDIT4".
// Knows no key and no value by name. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/error.h"

namespace ndes::crp::cli {

struct RegistryValue {
    std::string key;   // "HKEY_LOCAL_MACHINE\SOFTWARE\…", as written
    std::string name;  // empty: the key's default value
    int line = 0;
    // One of the three, by the value's type.
    std::optional<std::string> text;      // REG_SZ, REG_EXPAND_SZ
    std::optional<std::uint64_t> number;  // REG_DWORD, REG_QWORD, and REG_BINARY of up to 8 octets
    std::optional<Bytes> octets;          // every hex value, too
};

// bad_request with the line when it is not such a file. Deletions ("name"=-, [-key]) are left out.
Result<std::vector<RegistryValue>> read_registry_file(std::string_view octets);

}  // namespace ndes::crp::cli
