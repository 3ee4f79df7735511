#include "scep-server/enroll/notify_dispatcher.h"

#include <algorithm>
#include <utility>

namespace ndes::scep {
namespace {

constexpr std::size_t kBatch = 256;
constexpr int kMostDoublings = 20;

// Doubled after each failure, less up to a quarter so that a herd spreads out.
std::chrono::milliseconds back_off(const NotifyOptions& options, int attempts, Random& random) {
    const auto grown =
        options.retry_least * (std::int64_t{1} << std::min(attempts, kMostDoublings));
    const auto wait = std::min<std::chrono::milliseconds>(grown, options.retry_most);
    return wait - wait * random.bytes(1).front() / 1024;
}

// A day's outage of the CRP, or an operator who is late, must lose nothing.
bool time_or_operator_helps(const Error& error) {
    return error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout;
}

}  // namespace

NotifyDispatcher::NotifyDispatcher(NotifyOptions options, NotifyParts parts)
    : options_(options), parts_(parts) {
    for (std::size_t i = 0; i < options_.threads; ++i)
        threads_.emplace_back([this] { work(); });
}

NotifyDispatcher::~NotifyDispatcher() { stop(); }

void NotifyDispatcher::wake() {
    {
        const std::lock_guard lock(mutex_);
        look_ = true;
    }
    changed_.notify_one();
}

void NotifyDispatcher::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    stop_requested_.notify_all();
    for (std::thread& thread : threads_)
        if (thread.joinable()) thread.join();
}

void NotifyDispatcher::work() {
    while (auto notify = next()) {
        deliver(*notify);
        finish(*notify);
    }
}

std::optional<PendingNotify> NotifyDispatcher::next() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (!queue_.empty()) {
            PendingNotify notify = std::move(queue_.front());
            queue_.pop_front();
            if (!queue_.empty()) changed_.notify_one();
            return notify;
        }
        if (look_ && !looking_) {
            refill(lock);
        } else if (changed_.wait_for(lock, options_.look_interval) == std::cv_status::timeout) {
            look_ = true;
        }
    }
    return std::nullopt;
}

// Reads the journal without the lock; whatever was acknowledged meanwhile is left out.
void NotifyDispatcher::refill(std::unique_lock<std::mutex>& lock) {
    look_ = false;
    looking_ = true;
    done_while_looking_.clear();
    const std::size_t limit = kBatch + taken_.size();
    lock.unlock();
    auto due = parts_.journal.notifies().due(limit);
    lock.lock();
    looking_ = false;
    if (!due) {
        parts_.log.note(Severity::error, "the journal's pending Notify calls cannot be read",
                        {{"cause", due.error().text}});
        stop_requested_.wait_for(lock, options_.look_interval, [&] { return stopping_; });
        return;
    }
    for (PendingNotify& notify : *due) {
        if (done_while_looking_.contains(notify.id)) continue;
        if (taken_.insert(notify.transaction_id).second) queue_.push_back(std::move(notify));
    }
}

void NotifyDispatcher::deliver(const PendingNotify& notify) {
    auto told = tell(notify);
    auto recorded = told ? parts_.journal.notifies().acknowledged(notify.id)
                         : record_failure(notify, told.error());
    if (recorded) return;
    parts_.log.note(Severity::error, "the journal could not record that a Notify was told",
                    {{"transaction_id", notify.transaction_id},
                     {"request_id", notify.request_id},
                     {"cause", recorded.error().text}});
    pause();  // it is due still, and would come again at once
}

Result<void> NotifyDispatcher::tell(const PendingNotify& notify) {
    Policy* const policy = parts_.policy_of(notify.profile);
    if (policy == nullptr)
        return fail(ErrorCode::configuration,
                    "profile \"" + notify.profile + "\" is configured no longer");
    auto challenge =
        parts_.seal.open(notify.challenge_sealed, {notify.transaction_id, notify.request_id});
    if (!challenge) return pass_on(challenge);
    PolicyOutcome outcome;
    outcome.challenge = as_text(challenge->expose());
    outcome.transaction_id = notify.transaction_id;
    outcome.request_id = notify.request_id;
    outcome.disposition = notify.disposition;
    outcome.last_result = notify.last_result;
    outcome.certificate = notify.certificate;
    return policy->notify(outcome);
}

Result<void> NotifyDispatcher::record_failure(const PendingNotify& notify, const Error& error) {
    const bool refused = error.code == ErrorCode::bad_request;
    if (refused || (!time_or_operator_helps(error) && notify.attempts + 1 >= options_.tries))
        return bury(notify, error.with_detail());
    const WallTime next_attempt =
        parts_.clock.now() + back_off(options_, notify.attempts, parts_.random);
    parts_.log.note(Severity::warning, "the policy module could not be told an outcome",
                    {{"transaction_id", notify.transaction_id},
                     {"request_id", notify.request_id},
                     {"disposition", std::to_string(notify.disposition)},
                     {"attempts", std::to_string(notify.attempts + 1)},
                     {"next_attempt", to_rfc3339(next_attempt)},
                     {"cause", error.text},
                     {"detail", error.detail}});
    return parts_.journal.notifies().failed(notify.id, next_attempt, error.with_detail());
}

Result<void> NotifyDispatcher::bury(const PendingNotify& notify, const std::string& why) {
    parts_.log.write(Severity::error,
                     "Notify: an outcome will not be taken and is told no longer: " + why +
                         ". See crpctl notify list --dead.",
                     {{"transaction_id", notify.transaction_id},
                      {"request_id", notify.request_id},
                      {"disposition", std::to_string(notify.disposition)},
                      {"attempts", std::to_string(notify.attempts + 1)},
                      {"cause", why}});
    return parts_.journal.notifies().bury(notify.id, why);
}

void NotifyDispatcher::finish(const PendingNotify& notify) {
    const std::lock_guard lock(mutex_);
    taken_.erase(notify.transaction_id);
    if (looking_) done_while_looking_.insert(notify.id);
    // The transaction's next one, if there is one, may go now.
    look_ = true;
}

void NotifyDispatcher::pause() {
    std::unique_lock lock(mutex_);
    stop_requested_.wait_for(lock, options_.look_interval, [&] { return stopping_; });
}

}  // namespace ndes::scep
