#include "crp-service/upkeep/retention_job.h"

#include <utility>

namespace ndes::crp {
namespace {

RetentionLimits limits_at(WallTime now, const RetentionConfig& config) {
    return {.challenges_expired_before = now - config.challenges_after,
            .certificates_expired_before = now - config.certificates_after,
            .decisions_before = now - config.decisions_after,
            .messages_before = now - config.messages_after};
}

std::vector<std::pair<std::string, std::string>> facts_of(const Purged& purged) {
    return {{"challenges", std::to_string(purged.challenges)},
            {"certificates", std::to_string(purged.certificates)},
            {"decisions", std::to_string(purged.decisions)},
            {"messages", std::to_string(purged.messages)}};
}

void add(Purged& sum, const Purged& more) {
    sum.challenges += more.challenges;
    sum.certificates += more.certificates;
    sum.decisions += more.decisions;
    sum.messages += more.messages;
}

}  // namespace

Result<std::unique_ptr<RetentionJob>> RetentionJob::make(Store& store, Log& log, const Clock& clock,
                                                         const RetentionConfig& config) {
    auto newest = store.last_recorded_time();
    if (!newest) return pass_on(newest);
    return std::unique_ptr<RetentionJob>(new RetentionJob(store, log, clock, config, *newest));
}

RetentionJob::RetentionJob(Store& store, Log& log, const Clock& clock,
                           const RetentionConfig& config, std::optional<WallTime> newest)
    : store_(store),
      log_(log),
      clock_(clock),
      config_(config),
      guard_(clock, newest, config.most_clock_leap) {}

RetentionJob::~RetentionJob() {
    {
        const std::lock_guard guard(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void RetentionJob::start() {
    thread_ = std::thread([this] { work(); });
}

void RetentionJob::work() {
    while (rest(config_.interval))
        tell_run(run_once());
}

bool RetentionJob::rest(std::chrono::milliseconds time) {
    std::unique_lock guard(mutex_);
    return !wake_.wait_for(guard, time, [this] { return stopping_; });
}

Result<RetentionJob::Outcome> RetentionJob::run_once() {
    const WallTime now = clock_.now();
    const std::optional<std::string> doubt = guard_.doubt(now);
    if (auto told = tell_doubt(doubt, now); !told) return pass_on(told);
    Outcome outcome;
    outcome.refused = doubt.has_value();
    if (outcome.refused) return outcome;
    if (auto marked = mark(now, outcome); !marked) return pass_on(marked);
    if (!config_.purge) return outcome;
    if (auto purged = purge(now, outcome); !purged) return pass_on(purged);
    return outcome;
}

// The store audits each of them.
Result<void> RetentionJob::mark(WallTime now, Outcome& outcome) {
    AuditRecord record;
    record.time = now;
    record.event = "unconfirmed";
    record.outcome = "deny";
    do {
        auto marked =
            store_.mark_unconfirmed(now - config_.unconfirmed_after, config_.batch, record);
        if (!marked) return pass_on(marked);
        if (marked->empty()) return {};
        outcome.unconfirmed += static_cast<std::int64_t>(marked->size());
        for (const Decision& decision : *marked) {
            log_.note(Severity::warning, "No Notify came for a verified request",
                      {{"event", "unconfirmed"},
                       {"transaction_id", decision.transaction_id},
                       {"device_id", decision.device_id},
                       {"decided_at", to_rfc3339(decision.decided_at)}});
        }
    } while (rest(config_.batch_pause));
    return {};
}

Result<void> RetentionJob::purge(WallTime now, Outcome& outcome) {
    const RetentionLimits limits = limits_at(now, config_);
    do {
        auto purged = store_.purge(limits, config_.batch);
        if (!purged) return pass_on(purged);
        if (purged->total() == 0) return {};
        add(outcome.purged, *purged);
        if (auto told = audit("retention", "permit", now, facts_of(*purged)); !told) return told;
    } while (rest(config_.batch_pause));
    return {};
}

Result<void> RetentionJob::audit(const char* event, const char* outcome, WallTime now,
                                 std::vector<std::pair<std::string, std::string>> facts) {
    AuditRecord record;
    record.time = now;
    record.event = event;
    record.outcome = outcome;
    record.facts = std::move(facts);
    return store_.append_audit(std::move(record));
}

// Once when the doubt begins and once when it is over.
Result<void> RetentionJob::tell_doubt(const std::optional<std::string>& doubt, WallTime now) {
    if (doubt.has_value() == doubting_) return {};
    doubting_ = doubt.has_value();
    log_.note(doubting_ ? Severity::error : Severity::info,
              doubting_ ? "Nothing is purged, for " + *doubt
                        : std::string("The clock is believed again; old records are purged"),
              {{"event", "retention-clock"}});
    if (doubting_) return audit("retention-clock", "deny", now, {{"doubt", *doubt}});
    return audit("retention-clock", "permit", now, {});
}

void RetentionJob::tell_run(const Result<Outcome>& outcome) {
    if (!outcome) {
        if (std::exchange(failing_, true)) return;
        log_.note(Severity::error, "Old records cannot be purged: " + outcome.error().text,
                  {{"event", "retention"}, {"detail", outcome.error().detail}});
        return;
    }
    failing_ = false;
    if (outcome->purged.total() == 0) return;
    LogFields fields{{"event", "retention"}};
    const auto facts = facts_of(outcome->purged);
    for (const auto& [name, value] : facts)
        fields.emplace_back(name, value);
    log_.note(Severity::info, "Old records were purged", fields);
}

}  // namespace ndes::crp
