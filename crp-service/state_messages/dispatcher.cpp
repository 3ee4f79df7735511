#include "crp-service/state_messages/dispatcher.h"

#include <algorithm>
#include <utility>

namespace ndes::crp {

Dispatcher::Dispatcher(Store& store, StateMessageSink& sink, const Clock& clock, Random& random,
                       Log& log, DispatcherOptions options)
    : store_(store), sink_(sink), clock_(clock), random_(random), log_(log), options_(options) {}

Dispatcher::~Dispatcher() { stop(); }

void Dispatcher::start() {
    thread_ = std::thread([this] { work(); });
}

void Dispatcher::stop() {
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void Dispatcher::notify() {
    {
        const std::lock_guard guard(mutex_);
        notified_ = true;
    }
    wake_.notify_one();
}

DispatcherCounters Dispatcher::counters() const { return {delivered_, failed_, pending_}; }

void Dispatcher::work() {
    while (true) {
        const bool found_some = run_once() > 0;
        std::unique_lock guard(mutex_);
        // More may be due at once: the next message of each transaction just served.
        if (!found_some) {
            wake_.wait_for(guard, options_.poll_interval,
                           [this] { return stopping_ || notified_; });
        }
        if (stopping_) return;
        notified_ = false;
    }
}

std::size_t Dispatcher::run_once() {
    const WallTime now = clock_.now();
    if (now < paused_until_) return 0;
    auto due = store_.due_state_messages(kInboxName, now, options_.batch);
    if (!due) {
        pause(due.error(), "The outbox cannot be read");
        return 0;
    }
    pending_ = due->size();
    if (due->empty()) return 0;
    const std::vector<std::string> delivered = hand_over(*due);
    if (delivered.empty()) return 0;
    // If this fails they are delivered again; the receiver knows them by their IDs.
    if (auto marked = store_.mark_delivered(kInboxName, delivered); !marked) {
        pause(marked.error(), "A delivery cannot be recorded");
        return 0;
    }
    delivered_ += delivered.size();
    pending_ = due->size() - delivered.size();
    return delivered.size();
}

// The IDs of those delivered. Failures are noted in the outbox: of a sink that is down at its
// first message only, since the others would fare alike and have to go first when it is up again.
std::vector<std::string> Dispatcher::hand_over(const std::vector<StateMessage>& due) {
    const std::vector<Result<void>> results = sink_.deliver(due);
    std::vector<std::string> delivered;
    bool sink_is_down = false;
    for (std::size_t i = 0; i < due.size(); ++i) {
        const StateMessage& message = due[i];
        if (i < results.size() && results[i]) {
            delivered.push_back(message.id);
            log_.write(Severity::info, "Successfully sent state message",
                       {{"transaction_id", message.transaction_id}, {"message_id", message.id}});
            continue;
        }
        ++failed_;
        const Error error = i < results.size()
                                ? results[i].error()
                                : Error{ErrorCode::internal, "the sink gave no answer", {}, {}};
        if (!is_retryable(error.code)) {
            note_failure(message, error, clock_.now() + back_off(message.deliveries.front().attempts));
        } else if (!std::exchange(sink_is_down, true)) {
            pause(error, "The sink of state messages is down");
            note_failure(message, error, paused_until_);
        }
    }
    if (!sink_is_down) pauses_ = 0;
    return delivered;
}

void Dispatcher::note_failure(const StateMessage& message, const Error& error,
                              WallTime next_attempt) {
    log_.write(Severity::error, "Failed to send state message. " + error.text,
               {{"transaction_id", message.transaction_id},
                {"message_id", message.id},
                {"next_attempt", to_rfc3339(next_attempt)},
                {"detail", error.detail}});
    auto noted = store_.mark_failed(kInboxName, message.id, next_attempt, error.text);
    if (!noted && noted.error().code != ErrorCode::not_found) {
        pause(noted.error(), "A failed delivery cannot be recorded");
    }
}

void Dispatcher::pause(const Error& error, const char* what) {
    paused_until_ = clock_.now() + back_off(pauses_++);
    log_.note(
        Severity::error, what,
        {{"error", error.text}, {"detail", error.detail}, {"until", to_rfc3339(paused_until_)}});
}

// Doubles from retry_least to retry_most; then between half and all of it by chance, so that many
// services do not come back to a repaired receiver in the same moment.
std::chrono::milliseconds Dispatcher::back_off(int failures_before) {
    constexpr int kMostDoublings = 30;
    const auto doublings = static_cast<unsigned>(std::clamp(failures_before, 0, kMostDoublings));
    const auto wanted = options_.retry_least * (std::int64_t{1} << doublings);
    const auto longest = std::min<std::chrono::milliseconds>(wanted, options_.retry_most);
    const Bytes chance = random_.bytes(2);
    const std::int64_t share = chance[0] * 256 + chance[1];
    return longest / 2 + (longest - longest / 2) * share / 65535;
}

}  // namespace ndes::crp
