// StructuredOutput: where structured events go, and in which form: records for the journal, or
// lines of JSON. Formatting: any thread; writing: one, which blocks SIGPIPE.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "common/logging/journal.h"
#include "common/logging/json_line.h"
#include "common/logging/log_output.h"

namespace ndes {

class StructuredOutput {
  public:
    StructuredOutput() = default;
    StructuredOutput(LogOutput lines, JournalOutput journal)
        : lines_(std::move(lines)), journal_(std::move(journal)) {}

    // One line.
    std::string format(const JsonLine& line, const LogFields& fields) const {
        return journal_ ? format_journal_record(line, fields) : format_json_line(line, fields);
    }
    // Lines of format(); how many were not written.
    std::size_t write(std::string_view formatted) {
        return journal_ ? journal_.write(formatted) : lines_.write(formatted);
    }
    explicit operator bool() const { return lines_ || journal_; }

  private:
    LogOutput lines_;
    JournalOutput journal_;
};

}  // namespace ndes
