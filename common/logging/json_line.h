// JSON lines: one log event as one line of JSON, for journald and log collectors.
// Knows nothing of where it goes. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/logging/log.h"

namespace ndes {

struct JsonLine {
    WallTime time;
    Severity severity = Severity::info;
    std::string_view program;
    std::string_view message;
    std::string_view file;  // "name.cpp"
    std::uint32_t line = 0;
};

// "debug", "info", "warning", "error".
std::string_view to_string(Severity severity);

// {"time":…,"severity":…,"program":…,"message":…,"file":…,"line":…,<fields in order>} and a line
// end. Controls, bidirectional and zero-width characters are \u escapes, ill-formed UTF-8 becomes
// U+FFFD; a value is cut after kMaxJsonValue octets as written, and "…" added.
std::string format_json_line(const JsonLine& line, const LogFields& fields);
inline constexpr std::size_t kMaxJsonValue = 8192;

}  // namespace ndes
