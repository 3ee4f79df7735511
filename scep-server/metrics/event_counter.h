// EventCounter: a Log that counts the original's events on their way to the log behind it.
// Knows events by the fields that note_event adds. Any thread.
#pragma once

#include "common/logging/log.h"
#include "scep-server/metrics/ndes_metrics.h"

namespace ndes::scep {

class EventCounter final : public Log {
  public:
    // Both outlive the counter.
    EventCounter(Log& inner, NdesMetrics& metrics) : inner_(inner), metrics_(metrics) {}

    void write(Severity severity, std::string_view text, const LogFields& fields,
               std::source_location where) override {
        inner_.write(severity, text, fields, where);
    }
    void write_at(Severity severity, std::string_view text, const LogFields& fields,
                  std::string_view file, unsigned line) override {
        inner_.write_at(severity, text, fields, file, line);
    }
    void note(Severity severity, std::string_view text, const LogFields& fields,
              std::source_location where) override;
    void reopen() override { inner_.reopen(); }
    void flush() override { inner_.flush(); }

  private:
    Log& inner_;
    NdesMetrics& metrics_;
};

}  // namespace ndes::scep
