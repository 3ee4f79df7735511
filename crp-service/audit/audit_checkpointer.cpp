#include "crp-service/audit/audit_checkpointer.h"

#include "crp-service/audit/audit_checkpoint.h"
#include "crp-service/audit/checkpoint_file.h"

namespace ndes::crp {

namespace {

constexpr std::chrono::seconds kLook{1};

}  // namespace

AuditCheckpointer::AuditCheckpointer(Store& store, Log& log, const Clock& clock, AuditConfig config,
                                     EvpPkeyPtr key)
    : store_(store), log_(log), clock_(clock), config_(std::move(config)), key_(std::move(key)) {}

AuditCheckpointer::~AuditCheckpointer() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void AuditCheckpointer::start() {
    thread_ = std::thread([this] { work(); });
}

Result<void> AuditCheckpointer::keep(const AuditCheckpoint& checkpoint) {
    // Another crpd on the same database may have signed the same place: as good.
    auto kept = store_.append_checkpoint(checkpoint);
    if (!kept && kept.error().code != ErrorCode::conflict) return kept;
    if (config_.checkpoint_file.empty()) return {};
    return append_to_checkpoint_file(config_.checkpoint_file, checkpoint);
}

Result<void> AuditCheckpointer::sign_chains(std::int64_t least) {
    auto tails = store_.audit_tails();
    if (!tails) return pass_on(tails);
    for (AuditCheckpoint& checkpoint : *tails) {
        std::int64_t& last = signed_[checkpoint.node];
        if (checkpoint.sequence - last < least) continue;
        checkpoint.time = clock_.now();
        if (auto done = sign_checkpoint(checkpoint, key_.get()); !done) return done;
        if (auto done = keep(checkpoint); !done) return done;
        last = checkpoint.sequence;
    }
    return {};
}

void AuditCheckpointer::work() {
    SteadyTime next = clock_.steady_now();
    bool failing = false;
    for (bool last_round = false; !last_round;) {
        {
            std::unique_lock<std::mutex> lock(mutex_);
            wake_.wait_for(lock, kLook, [this] { return stopping_; });
            last_round = stopping_;
        }
        const bool due = last_round || clock_.steady_now() >= next;
        const Result<void> done = sign_chains(due ? 1 : config_.checkpoint_records);
        if (due) next = clock_.steady_now() + config_.checkpoint_interval;
        if (done.has_value() != failing) continue;
        failing = !done;
        log_.note(failing ? Severity::error : Severity::info,
                  failing ? "The audit cannot be signed: " + done.error().text
                          : "The audit is signed again",
                  {{"event", "audit-checkpoint"}, {"detail", failing ? done.error().detail : ""}});
    }
}

}  // namespace ndes::crp
