#include "scep-server/event_log.h"

#include <array>
#include <mutex>
#include <utility>

#include <nlohmann/json.hpp>

#include "common/logging/cmtrace.h"
#include "common/logging/json_line.h"
#include "common/logging/log_output.h"

namespace ndes::scep {
namespace {

constexpr const char* kSource = "NetworkDeviceEnrollmentService";
constexpr std::array kKept{"transaction_id", "request_id", "device_address"};

int cmtrace_type(Severity severity) {
    if (severity == Severity::error) return 3;
    return severity == Severity::warning ? 2 : 1;
}

std::string value_of(const LogFields& fields, std::string_view name) {
    return std::string(field_of(fields, name));
}

class EventLog final : public Log {
  public:
    EventLog(std::unique_ptr<Log> inner, const EventsConfig& config, const Clock& clock,
             FileDescriptor file)
        : inner_(std::move(inner)), config_(config), clock_(clock), output_(std::move(file)) {}

    void write(Severity severity, std::string_view text, const LogFields& fields,
               std::source_location where) override {
        inner_->write(severity, text, fields, where);
    }
    void write_at(Severity severity, std::string_view text, const LogFields& fields,
                  std::string_view file, unsigned line) override {
        inner_->write_at(severity, text, fields, file, line);
    }
    void note(Severity severity, std::string_view text, const LogFields& fields,
              std::source_location where) override {
        if (const std::string number = value_of(fields, "event"); !number.empty())
            keep(severity, number, text, fields);
        inner_->note(severity, text, fields, where);
    }
    void reopen() override {
        inner_->reopen();
        auto file = open_for_append(config_.file);
        if (!file)
            return inner_->note(Severity::error, file.error().text, {},
                                std::source_location::current());
        const std::lock_guard lock(mutex_);
        output_ = LogOutput(std::move(*file));
    }
    void flush() override { inner_->flush(); }

  private:
    void keep(Severity severity, const std::string& number, std::string_view text,
              const LogFields& fields) {
        const std::string line = config_.cmtrace ? cmtrace_line(severity, number, fields)
                                                 : json_line(severity, number, text, fields);
        const std::lock_guard lock(mutex_);
        output_.write(line);
    }

    std::string json_line(Severity severity, const std::string& number, std::string_view text,
                          const LogFields& fields) const {
        nlohmann::ordered_json line{{"time", to_rfc3339(clock_.now())},
                                    {"event", std::stoi(number)},
                                    {"name", value_of(fields, "event_name")},
                                    {"level", std::string(to_string(severity))},
                                    {"source", kSource},
                                    {"text", loggable(value_of(fields, "event_text"), 4096)},
                                    {"message", loggable(text, 1024)}};
        for (const char* name : kKept)
            line[name] = loggable(value_of(fields, name));
        return line.dump() + "\n";
    }

    std::string cmtrace_line(Severity severity, const std::string& number,
                             const LogFields& fields) const {
        return format_cmtrace({"Event " + number + " " + value_of(fields, "event_name") + ": " +
                                   value_of(fields, "event_text"),
                               clock_.now(), kSource, cmtrace_type(severity), 0, "ndesd:0",
                               value_of(fields, "transaction_id")}) +
               "\n";
    }

    const std::unique_ptr<Log> inner_;
    const EventsConfig config_;
    const Clock& clock_;
    // Guards the output for one write; without it two events could share a line.
    std::mutex mutex_;
    LogOutput output_;
};

}  // namespace

Result<std::unique_ptr<Log>> add_event_file(std::unique_ptr<Log> inner, const EventsConfig& config,
                                            const Clock& clock) {
    if (config.file.empty()) return inner;
    auto file = open_for_append(config.file);
    if (!file) return pass_on(file, "events.file");
    return std::unique_ptr<Log>(
        std::make_unique<EventLog>(std::move(inner), config, clock, std::move(*file)));
}

}  // namespace ndes::scep
