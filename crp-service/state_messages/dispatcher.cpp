#include "crp-service/state_messages/dispatcher.h"

#include <algorithm>
#include <utility>

namespace ndes::crp {
namespace {

// After an outage a few messages show whether the sink is back, before a whole batch does.
constexpr std::size_t kProbe = 4;

// Of a message that is due at one sink: the store gives that sink's delivery alone.
int attempts_of(const StateMessage& message) {
    return message.deliveries.empty() ? 0 : message.deliveries.front().attempts;
}

}  // namespace

Dispatcher::Dispatcher(Parts parts, std::string name, std::string node, DispatcherOptions options)
    : parts_(parts), name_(std::move(name)), node_(std::move(node)), options_(options) {}

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

DispatcherCounters Dispatcher::counters() const {
    return {delivered_, failed_, dead_, pending_, is_down_};
}

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
    const WallTime now = parts_.clock.now();
    if (now < paused_until_) return 0;
    const auto held = hold_lease(now);
    if (!held) {
        pause(held.error(), "The outbox cannot be claimed");
        return 0;
    }
    if (!*held) return 0;
    auto due = parts_.store.due_state_messages(name_, now, pauses_ > 0 ? kProbe : options_.batch);
    if (!due) {
        pause(due.error(), "The outbox cannot be read");
        return 0;
    }
    pending_ = due->size();
    if (due->empty()) return 0;
    const std::size_t gone = hand_over(*due);
    pending_ = due->size() - std::min(gone, due->size());
    return gone;
}

// True when this process alone may deliver, for long enough to end a batch.
Result<bool> Dispatcher::hold_lease(WallTime now) {
    if (now + options_.lease / 2 < lease_until_) return true;
    const auto claimed = parts_.store.claim_sink(name_, node_, now, now + options_.lease);
    lease_until_ = claimed && *claimed ? now + options_.lease : WallTime{};
    return claimed;
}

// Of those answered: delivered ones are marked with one write, the others noted one by one.
// How many left the outbox.
std::size_t Dispatcher::hand_over(const Messages& due) {
    const std::vector<Result<void>> results = parts_.sink.deliver(due);
    const std::uint64_t dead_before = dead_;
    std::vector<std::string> delivered;
    std::optional<Error> last_failure;
    std::optional<std::size_t> down_at;
    for (std::size_t i = 0; i < std::min(results.size(), due.size()); ++i) {
        if (results[i]) {
            delivered.push_back(due[i].id);
            parts_.log.write(Severity::info, "Successfully sent state message",
                             {{"transaction_id", due[i].transaction_id},
                              {"message_id", due[i].id},
                              {"sink", name_}});
            continue;
        }
        ++failed_;
        const Error& error = results[i].error();
        if (is_retryable(error.code)) {
            if (!down_at) down_at = i;
            continue;
        }
        take_failure(due[i], error);
        last_failure = error;
    }
    if (!delivered.empty()) {
        // If this fails they are delivered again; the receiver knows them by their IDs.
        auto marked = parts_.store.mark_delivered(name_, delivered);
        if (!marked) {
            pause(marked.error(), "A delivery cannot be recorded");
            return 0;
        }
        delivered_ += delivered.size();
    }
    if (down_at) {
        take_outage(due, *down_at, results[*down_at].error());
    } else if (delivered.empty() && due.size() > 1 && last_failure) {
        // Not one of several: that is hardly the messages' fault.
        pause(*last_failure, "The sink takes no state message");
    } else {
        pauses_ = 0;
        is_down_ = false;
    }
    return delivered.size() + (dead_ - dead_before);
}

void Dispatcher::take_failure(const StateMessage& message, const Error& error) {
    if (error.code == ErrorCode::not_found || is_hopeless(message)) return bury(message, error);
    auto wait = back_off(attempts_of(message), options_.retry_most);
    if (error.retry_after) wait = std::max<std::chrono::milliseconds>(wait, *error.retry_after);
    note_failure(message, error, parts_.clock.now() + wait);
}

// The failure is noted with the first message that met it: the others fared alike and have to go
// first when the sink is up again. Only age makes dead letters of them.
void Dispatcher::take_outage(const Messages& due, std::size_t failed_at, const Error& error) {
    pause(error, "The sink of state messages is down");
    for (std::size_t i = failed_at; i < due.size(); ++i) {
        if (parts_.clock.now() - due[i].created_at >= options_.give_up_after) {
            bury(due[i], error);
        } else if (i == failed_at) {
            note_failure(due[i], error, paused_until_);
        }
    }
}

bool Dispatcher::is_hopeless(const StateMessage& message) const {
    const bool too_often =
        options_.give_up_attempts > 0 && attempts_of(message) + 1 >= options_.give_up_attempts;
    return too_often || parts_.clock.now() - message.created_at >= options_.give_up_after;
}

void Dispatcher::bury(const StateMessage& message, const Error& error) {
    parts_.log.write(Severity::error,
                     "Failed to send state message, it is a dead letter now. " + error.text,
                     {{"transaction_id", message.transaction_id},
                      {"message_id", message.id},
                      {"sink", name_},
                      {"detail", error.detail}});
    auto noted = parts_.store.mark_dead(name_, message.id, parts_.clock.now(), error.text);
    if (!noted && noted.error().code != ErrorCode::not_found) {
        return pause(noted.error(), "A dead letter cannot be recorded");
    }
    ++dead_;
}

void Dispatcher::note_failure(const StateMessage& message, const Error& error,
                              WallTime next_attempt) {
    parts_.log.write(Severity::error, "Failed to send state message. " + error.text,
                     {{"transaction_id", message.transaction_id},
                      {"message_id", message.id},
                      {"sink", name_},
                      {"next_attempt", to_rfc3339(next_attempt)},
                      {"detail", error.detail}});
    auto noted = parts_.store.mark_failed(name_, message.id, next_attempt, error.text);
    if (!noted && noted.error().code != ErrorCode::not_found) {
        pause(noted.error(), "A failed delivery cannot be recorded");
    }
}

void Dispatcher::pause(const Error& error, const char* what) {
    auto wait = back_off(pauses_++, options_.pause_most);
    if (error.retry_after) wait = std::max<std::chrono::milliseconds>(wait, *error.retry_after);
    paused_until_ = parts_.clock.now() + wait;
    is_down_ = true;
    parts_.log.note(Severity::error, what,
                    {{"sink", name_},
                     {"error", error.text},
                     {"detail", error.detail},
                     {"until", to_rfc3339(paused_until_)}});
}

// Doubles from retry_least to `most`; then between half and all of it by chance, so that many
// services do not come back to a repaired receiver in the same moment.
std::chrono::milliseconds Dispatcher::back_off(int failures_before,
                                               std::chrono::milliseconds most) {
    constexpr int kMostDoublings = 30;
    const auto doublings = static_cast<unsigned>(std::clamp(failures_before, 0, kMostDoublings));
    const auto wanted = options_.retry_least * (std::int64_t{1} << doublings);
    const auto longest = std::min<std::chrono::milliseconds>(wanted, most);
    const Bytes chance = parts_.random.bytes(2);
    const std::int64_t share = chance[0] * 256 + chance[1];
    return longest / 2 + (longest - longest / 2) * share / 65535;
}

}  // namespace ndes::crp
