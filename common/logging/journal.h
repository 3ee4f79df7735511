// Journal: systemd's journal as the log's structured output: each event is a record with fields, so
// that `journalctl -p warning` and `journalctl NDES_TRANSACTION_ID=…` find it.
// Speaks the native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/) itself: sd_journal_sendv
// waits for as long as journald does, and would bring libsystemd into the policy module.
// Pure functions, and an output that is one thread's.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "common/file_descriptor.h"
#include "common/logging/json_line.h"

namespace ndes {

// True when $JOURNAL_STREAM names the device and inode of `fd`: what is written there goes to the
// journal line by line.
bool leads_to_journal(int fd);

// One line: fields with tabs between them: MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, CODE_FILE,
// CODE_LINE, and NDES_NAME for each field. Values are escaped as loggable() does, so that none
// holds a tab or a line end.
std::string format_journal_record(const JsonLine& line, const LogFields& fields);

class JournalOutput {
  public:
    JournalOutput() = default;  // none
    // None, too, when nothing listens at the socket.
    explicit JournalOutput(const std::filesystem::path& socket);

    // Sends each line of format_journal_record as a record, to whoever listens at the socket now.
    // Waits a second at most for journald; returns how many were not taken.
    std::size_t write(std::string_view lines);

    explicit operator bool() const { return is_open_; }

  private:
    enum class Sent { taken, too_large, nobody_there };
    Sent send(std::string_view record);
    FileDescriptor connect() const;

    std::string path_;
    FileDescriptor fd_;  // none: to be connected anew
    bool is_open_ = false;
};

}  // namespace ndes
