#include "common/logging/log.h"

#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <pthread.h>

#include "common/logging/cmtrace.h"
#include "common/logging/rolling_settings.h"
#include "common/logging/structured_output.h"

namespace ndes {
namespace {

// How long the writer gathers lines before it writes them together.
constexpr std::chrono::milliseconds kGather{2};
// Held for an output that is slower than its lines; beyond, lines are dropped and counted.
constexpr std::size_t kMostPending = std::size_t{4} << 20;

std::string_view base_name(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 = 0
}

unsigned long current_thread() {
    static thread_local const auto id = static_cast<unsigned long>(::gettid());
    return id;
}

int cmtrace_type(Severity severity) {
    switch (severity) {
        case Severity::error: return 3;
        case Severity::warning: return 2;
        case Severity::info:
        case Severity::debug: break;
    }
    return 1;
}

std::string dropped_text(std::uint64_t count) {
    return std::to_string(count) + " log lines were dropped: this output was full or too slow";
}

// Lines waiting for one output.
struct Queue {
    std::string lines;
    std::uint64_t dropped = 0;

    void add(std::string_view line) {
        if (lines.size() + line.size() > kMostPending) {
            ++dropped;
        } else {
            lines += line;
        }
    }
};

// Writes the lines and, last, the notice of those dropped. Leaves in `dropped` what is still to be
// told: if any line was lost then so was the notice, and its count goes on.
template <class Write>
void write_queue(Write write, Queue& queue, const std::string& notice) {
    queue.lines += notice;
    const std::size_t lost = write(queue.lines);
    if (lost == 0) {
        queue.dropped = 0;
    } else {
        queue.dropped += lost - (notice.empty() ? 0 : 1);
    }
}

// No signal may be handled on the writer's thread: handlers belong to the program's own.
class AllSignalsBlocked {
  public:
    AllSignalsBlocked() {
        ::sigset_t all;
        ::sigfillset(&all);
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
    ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  private:
    ::sigset_t before_{};
};

class AsyncLog final : public Log {
  public:
    AsyncLog(LogOptions options, const Clock& clock, StructuredOutput json, RollingFile cmtrace)
        : options_(std::move(options)),
          clock_(clock),
          json_(std::move(json)),
          cmtrace_(std::move(cmtrace)),
          has_json_(json_),
          has_cmtrace_(cmtrace_) {
        const AllSignalsBlocked blocked;  // inherited by the thread
        writer_ = std::thread([this] { write_until_stopped(); });
    }
    ~AsyncLog() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        writer_.join();
    }

    void write(Severity severity, std::string_view text, const LogFields& fields,
               std::source_location where) override {
        write_at(severity, text, fields, where.file_name(), where.line());
    }
    void write_at(Severity severity, std::string_view text, const LogFields& fields,
                  std::string_view file, unsigned line) override {
        if (severity < options_.least) return;
        const WallTime now = clock_.now();
        const Place place{base_name(file), line};
        hand_over(has_json_ ? json_line(now, severity, text, fields, place) : std::string(),
                  has_cmtrace_
                      ? cmtrace_line(now, severity, text, place, field_of(fields, "transaction_id"))
                      : std::string());
    }
    void note(Severity severity, std::string_view text, const LogFields& fields,
              std::source_location where) override {
        if (severity < options_.least || !has_json_) return;
        hand_over(json_line(clock_.now(), severity, text, fields,
                            {base_name(where.file_name()), where.line()}),
                  {});
    }
    void reopen() override;
    void flush() override;

  private:
    struct Place {
        std::string_view file;
        unsigned line = 0;
    };
    struct Batch {
        Queue json;
        Queue cmtrace;
        FileDescriptor reopened;
        std::uint64_t last = 0;
    };

    std::string json_line(WallTime now, Severity severity, std::string_view text,
                          const LogFields& fields, Place place) const {
        return json_.format({now, severity, options_.program, text, place.file, place.line},
                            fields);
    }
    std::string cmtrace_line(WallTime now, Severity severity, std::string_view text, Place place,
                             std::string_view context = {}) const {
        return format_cmtrace({std::string(text), now, options_.component, cmtrace_type(severity),
                               current_thread(),
                               std::string(place.file) + ":" + std::to_string(place.line),
                               std::string(context)}) +
               "\n";
    }

    void hand_over(std::string_view json, std::string_view cmtrace);
    void write_until_stopped();
    Batch take_batch();              // with mutex_ held
    void write_batch(Batch& batch);  // without it

    const LogOptions options_;
    const Clock& clock_;
    StructuredOutput json_;  // writing is the writer's alone
    RollingFile cmtrace_;    // the writer's alone
    const bool has_json_;
    const bool has_cmtrace_;

    // Guards what follows. Held to append or to swap, never while writing: otherwise a slow disk
    // would stop every thread that logs.
    std::mutex mutex_;
    std::condition_variable wake_;  // the writer: lines, a flush or the end
    std::condition_variable done_;  // those in flush(): a batch is out
    Queue waiting_json_;
    Queue waiting_cmtrace_;
    FileDescriptor reopened_;
    std::uint64_t handed_ = 0;   // records so far
    std::uint64_t written_ = 0;  // of them, those that left
    int flushes_ = 0;            // threads in flush()
    bool stopping_ = false;

    std::thread writer_;
};

void AsyncLog::hand_over(std::string_view json, std::string_view cmtrace) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = waiting_json_.lines.empty() && waiting_cmtrace_.lines.empty();
        waiting_json_.add(json);
        waiting_cmtrace_.add(cmtrace);
        ++handed_;
    }
    if (first) wake_.notify_one();
}

void AsyncLog::reopen() {
    if (!has_cmtrace_) return;
    auto fd = open_for_append(options_.cmtrace_file);
    if (!fd) return note(Severity::error, fd.error().text, {}, std::source_location::current());
    const std::lock_guard lock(mutex_);
    reopened_ = std::move(*fd);
    ++handed_;
    wake_.notify_one();
}

void AsyncLog::flush() {
    std::unique_lock lock(mutex_);
    const std::uint64_t last = handed_;
    ++flushes_;
    wake_.notify_one();
    // Ends: an output that makes no progress costs the writer a second a batch, then it gives up.
    done_.wait(lock, [&] { return written_ >= last; });
    --flushes_;
}

void AsyncLog::write_until_stopped() {
    std::unique_lock lock(mutex_);
    while (true) {
        wake_.wait(lock, [this] { return handed_ > written_ || stopping_; });
        if (handed_ == written_) return;
        wake_.wait_for(lock, kGather, [this] { return flushes_ > 0 || stopping_; });
        Batch batch = take_batch();
        lock.unlock();
        write_batch(batch);
        lock.lock();
        waiting_json_.dropped += batch.json.dropped;
        waiting_cmtrace_.dropped += batch.cmtrace.dropped;
        written_ = batch.last;
        done_.notify_all();
    }
}

AsyncLog::Batch AsyncLog::take_batch() {
    return {std::exchange(waiting_json_, {}), std::exchange(waiting_cmtrace_, {}),
            std::move(reopened_), handed_};
}

void AsyncLog::write_batch(Batch& batch) {
    const auto here = std::source_location::current();
    const Place place{base_name(here.file_name()), here.line()};
    if (batch.reopened) cmtrace_.replace(std::move(batch.reopened));
    std::string notice;
    if (batch.cmtrace.dropped > 0) {
        const std::string text = dropped_text(batch.cmtrace.dropped);
        notice = cmtrace_line(clock_.now(), Severity::warning, text, place);
    }
    const WallTime now = clock_.now();
    write_queue([&](std::string_view lines) { return cmtrace_.write(lines, now); }, batch.cmtrace,
                notice);
    if (const std::string fault = cmtrace_.take_fault(); !fault.empty() && has_json_)
        batch.json.add(json_line(now, Severity::error, fault, {}, place));
    notice.clear();
    if (batch.json.dropped > 0) {
        const std::string text = dropped_text(batch.json.dropped);
        notice = json_line(clock_.now(), Severity::warning, text, {}, place);
    }
    write_queue([&](std::string_view lines) { return json_.write(lines); }, batch.json, notice);
}

class NullLog final : public Log {
  public:
    void write(Severity, std::string_view, const LogFields&, std::source_location) override {}
    void note(Severity, std::string_view, const LogFields&, std::source_location) override {}
    void reopen() override {}
    void flush() override {}
};

}  // namespace

Result<std::unique_ptr<Log>> open_log(const LogOptions& options, const Clock& clock) {
    return open_rolling_log(options, {}, clock);
}

Result<std::unique_ptr<Log>> open_rolling_log(const LogOptions& options, RollingRule rolling,
                                              const Clock& clock) {
    StructuredOutput json;
    RollingFile cmtrace;
    if (!options.cmtrace_file.empty()) {
        auto fd = open_for_append(options.cmtrace_file);
        if (!fd) return pass_on(fd);
        cmtrace = RollingFile(options.cmtrace_file, rolling, std::move(*fd));
    }
    if (options.to_stdout) {
        FileDescriptor fd(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0));
        if (!fd) return fail(ErrorCode::configuration, "standard output is not open for the log");
        json = {LogOutput(std::move(fd)), leads_to_journal(STDOUT_FILENO)
                                              ? JournalOutput(options.journal_socket)
                                              : JournalOutput()};
    }
    try {
        return std::make_unique<AsyncLog>(options, clock, std::move(json), std::move(cmtrace));
    } catch (const std::system_error& error) {
        return fail(ErrorCode::internal, "cannot start the log's thread", error.what());
    }
}

std::string_view field_of(const LogFields& fields, std::string_view name) {
    for (const auto& [field, value] : fields) {
        if (field == name) return value;
    }
    return {};
}

Log& null_log() {
    static NullLog log;
    return log;
}

}  // namespace ndes
