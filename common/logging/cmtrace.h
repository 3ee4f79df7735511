// CMTrace lines: `<![LOG[text]LOG]!><time=… date=… component=… context=… type=… thread=… file=…>`.
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
    std::string file;          // "name.cpp:123"
    std::string context = {};  // the transaction's ID; the original leaves it empty
    bool operator==(const CmtraceRecord&) const = default;
};

// Three fraction digits, UTC "+00", date "MM-DD-YYYY". In the text `]LOG]!>` becomes
// `]LOG]\x21>`; control, bidirectional and zero-width characters become \xNN or \u{NNNN}; a
// backslash that would read as the start of one becomes \x5C; ill-formed UTF-8 becomes U+FFFD. At
// most kMaxCmtraceText octets of text are written, then "…", and kMaxCmtraceContext of context. In
// component, context and file the quote and angle brackets are escaped too. No line end is added.
std::string format_cmtrace(const CmtraceRecord& record);
inline constexpr std::size_t kMaxCmtraceText = 8192;
inline constexpr std::size_t kMaxCmtraceContext = 2048;  // an ID of 255 octets, each escaped

// Reads one line written by format_cmtrace (without line end), escapes undone. bad_request if it
// is not one.
Result<CmtraceRecord> parse_cmtrace(std::string_view line);

// For one hostile field inside a text or an error: escaped as above, valid UTF-8, at most `limit`
// octets, then "…".
std::string loggable(std::string_view text, std::size_t limit = 512);

}  // namespace ndes
