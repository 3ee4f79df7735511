// RecordingLog: keeps every event in memory for a test to look at. Any thread.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "common/logging/log.h"

namespace ndes::test {

struct LoggedLine {
    Severity severity = Severity::info;
    std::string text;
    std::string transaction_id;
    std::string file;  // empty unless written by write_at
    unsigned line = 0;
};

class RecordingLog final : public Log {
  public:
    void write(Severity severity, std::string_view text, const LogFields& fields = {},
               std::source_location = std::source_location::current()) override {
        keep(severity, text, fields, {}, 0);
    }
    void write_at(Severity severity, std::string_view text, const LogFields& fields,
                  std::string_view file, unsigned line) override {
        keep(severity, text, fields, file, line);
    }
    void note(Severity severity, std::string_view text, const LogFields& fields = {},
              std::source_location = std::source_location::current()) override {
        keep(severity, text, fields, {}, 0);
    }
    void reopen() override {}
    void flush() override {}

    std::vector<LoggedLine> lines() const {
        const std::lock_guard lock(mutex_);
        return lines_;
    }
    std::vector<std::string> texts() const {
        std::vector<std::string> texts;
        for (const LoggedLine& line : lines())
            texts.push_back(line.text);
        return texts;
    }
    // All texts, one a line.
    std::string all() const {
        std::string all;
        for (const std::string& text : texts())
            all += text + "\n";
        return all;
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        lines_.clear();
    }

  private:
    void keep(Severity severity, std::string_view text, const LogFields& fields,
              std::string_view file, unsigned line) {
        LoggedLine logged{severity, std::string(text), {}, std::string(file), line};
        for (const auto& [name, value] : fields)
            if (name == "transaction_id") logged.transaction_id = value;
        const std::lock_guard lock(mutex_);
        lines_.push_back(std::move(logged));
    }

    mutable std::mutex mutex_;  // guards lines_
    std::vector<LoggedLine> lines_;
};

}  // namespace ndes::test
