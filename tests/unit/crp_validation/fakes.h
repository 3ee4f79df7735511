// A clock that tests set, random octets from a fixed seed, and a log that keeps its lines.
#pragma once

#include <mutex>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/logging/log.h"
#include "common/random.h"

namespace ndes::test {

class FakeClock final : public Clock {
  public:
    WallTime now() const override { return now_; }
    SteadyTime steady_now() const override { return SteadyTime(now_.time_since_epoch()); }
    void set(WallTime now) { now_ = now; }
    void advance(std::chrono::milliseconds by) { now_ += by; }

  private:
    WallTime now_ = from_unix_ms(1'780'000'000'000);  // 2026-05-28
};

class SeededRandom final : public Random {
  public:
    Bytes bytes(std::size_t count) override {
        const std::lock_guard lock(mutex_);
        Bytes out(count);
        for (std::uint8_t& octet : out)
            octet = static_cast<std::uint8_t>(engine_());
        return out;
    }

  private:
    std::mutex mutex_;
    std::mt19937_64 engine_{20260528};
};

struct LogLine {
    Severity severity;
    std::string text;
    std::vector<std::pair<std::string, std::string>> fields;

    std::string field(std::string_view name) const {
        for (const auto& [key, value] : fields) {
            if (key == name) return value;
        }
        return {};
    }
};

class KeepingLog final : public Log {
  public:
    void write(Severity severity, std::string_view text, const LogFields& fields,
               std::source_location) override {
        LogLine line{severity, std::string(text), {}};
        for (const auto& [name, value] : fields)
            line.fields.emplace_back(name, value);
        lines.push_back(std::move(line));
    }
    void note(Severity, std::string_view, const LogFields&, std::source_location) override {}
    void reopen() override {}
    void flush() override {}

    std::vector<std::string> texts() const {
        std::vector<std::string> out;
        for (const LogLine& line : lines)
            out.push_back(line.text);
        return out;
    }

    std::vector<LogLine> lines;
};

}  // namespace ndes::test
