// Log: one call writes one event to both worlds: a record of systemd's journal where standard
// output leads there, else a JSON line on it (containers, collectors), and, when configured, a
// CMTrace line in a file that CMTrace and lnav read. Never given a challenge, key or CSR. Any
// thread; a call formats, hands over and returns.
#pragma once

#include <filesystem>
#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/error.h"

namespace ndes {

enum class Severity { debug, info, warning, error };

// Names: transaction_id, request_id, reason, phase, event, … ; values are any text.
using LogFields = std::vector<std::pair<std::string_view, std::string>>;

// The first field of this name, or "".
std::string_view field_of(const LogFields& fields, std::string_view name);

struct LogOptions {
    std::string program;    // "ndesd", "crpd": field "program" of the JSON line
    std::string component;  // CMTrace component: "NDESPlugin", "CertificateRegistrationPoint"
    std::filesystem::path cmtrace_file;  // empty: none. Opened for append; reopened by reopen()
    Severity least = Severity::info;
    bool to_stdout = true;
    std::filesystem::path journal_socket = "/run/systemd/journal/socket";
};

class Log {
  public:
    virtual ~Log() = default;  // writes out what it holds

    // Writes to both. `text` is the CMTrace text and the JSON "message"; of the fields a CMTrace
    // line has transaction_id alone, as its context.
    virtual void write(Severity severity, std::string_view text, const LogFields& fields = {},
                       std::source_location where = std::source_location::current()) = 0;

    // As write(), for an event of a loaded module: `file` and `line` are the module's own place.
    virtual void write_at(Severity severity, std::string_view text, const LogFields& fields,
                          [[maybe_unused]] std::string_view file, [[maybe_unused]] unsigned line) {
        write(severity, text, fields);
    }

    // Writes to journal or standard output alone: events that the original's log file does not
    // have.
    virtual void note(Severity severity, std::string_view text, const LogFields& fields = {},
                      std::source_location where = std::source_location::current()) = 0;

    // Closes and opens the file again, after rotation.
    virtual void reopen() = 0;
    // Returns when everything handed over so far is with the operating system.
    virtual void flush() = 0;
};

// configuration if the file cannot be opened, naming it. Lines are written by one thread at most
// 5 ms after the call; a full disk loses lines, never stops the caller.
Result<std::unique_ptr<Log>> open_log(const LogOptions& options, const Clock& clock);

// Discards everything; for tests.
Log& null_log();

}  // namespace ndes
