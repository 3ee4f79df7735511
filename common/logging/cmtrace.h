// CMTrace lines: `<![LOG[text]LOG]!><time=… date=… component=… context="" type=… thread=… file=…>`.
// One record is one line whatever the text holds. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "common/clock.h"
#include "common/logging/log.h"

namespace ndes {

struct CmtraceRecord {
    std::string text;
    WallTime time;
    std::string component;
    int type = 1;  // 1 information, 2 warning, 3 error
    unsigned long thread = 0;
    std::string file;  // "name.cpp:123"
    bool operator==(const CmtraceRecord&) const = default;
};

// Three fraction digits, UTC "+00", date "MM-DD-YYYY". In the text `]LOG]!>` becomes
// `]LOG]\x21>`, a backslash before such an escape is kept readable, control characters become
// \xNN, ill-formed UTF-8 U+FFFD; at most `kMaxText` octets, then "…". No line end is added.
std::string format_cmtrace(const CmtraceRecord& record);
inline constexpr std::size_t kMaxCmtraceText = 8192;

// Reads one line written by format_cmtrace. bad_request if it is not one.
Result<CmtraceRecord> parse_cmtrace(std::string_view line);

// For one hostile field inside a text: at most `limit` octets, control, bidirectional and
// zero-width characters as escapes, valid UTF-8.
std::string loggable(std::string_view text, std::size_t limit = 512);

}  // namespace ndes
