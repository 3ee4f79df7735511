#include "crp-service/store/postgresql/write_group.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace ndes::crp::pg {
namespace {

constexpr Statement kSavepoint{"savepoint", "SAVEPOINT job"};
constexpr Statement kRelease{"release", "RELEASE SAVEPOINT job"};
constexpr Statement kUndo{"undo", "ROLLBACK TO SAVEPOINT job"};

// The server has ended the transaction, or may have.
bool is_over(const Connection& connection) {
    return connection.is_lost() || connection.failed_in_a_race();
}

Result<void> run_steps(Batch& batch, const TwoSteps& steps) {
    const std::size_t first = batch.connection.queued();
    steps.look(batch.connection);
    auto rows = batch.connection.collect();
    if (!rows) return pass_on(rows);
    Answers answers(*rows, first);
    if (auto settled = steps.settle(batch, answers); !settled) return settled;
    auto done = batch.connection.collect();
    if (done) return {};
    if (!batch.connection.failed_as_duplicate()) return pass_on(done);
    return fail(ErrorCode::conflict, steps.when_duplicate);
}

Result<void> call_guarded(const std::function<Result<void>()>& work) {
    try {
        return work();
    } catch (const std::exception& thrown) {
        return fail(ErrorCode::internal, "a write failed", thrown.what());
    }
}

}  // namespace

WriteGroup::WriteGroup(std::vector<Write*> writes, bool apart) {
    std::ranges::stable_sort(writes, {},
                             [](const Write* one) { return std::string_view(one->order); });
    std::set<std::string_view> taken;
    for (Write* one : writes) {
        one->result = {};
        const auto is_taken = [&](const std::string& key) { return taken.contains(key); };
        const bool shares = !apart && !one->job && std::ranges::none_of(one->steps.keys, is_taken);
        taken.insert(one->steps.keys.begin(), one->steps.keys.end());
        (shares ? shared_ : alone_).push_back(one);
    }
}

void WriteGroup::look(Connection& connection) {
    for (const Write* one : shared_) {
        first_answer_.push_back(connection.queued());
        one->steps.look(connection);
    }
}

Result<void> WriteGroup::settle(Batch& batch, std::vector<Rows>& rows) {
    for (std::size_t index = 0; index < shared_.size(); ++index) {
        Answers answers(rows, first_answer_[index]);
        auto settled = call_guarded([&] { return shared_[index]->steps.settle(batch, answers); });
        if (!settled) return settled;
    }
    if (!shared_.empty() && !alone_.empty()) {
        if (auto written = batch.connection.collect(); !written) return pass_on(written);
    }
    for (Write* one : alone_) {
        one->result = run_alone(batch, *one);
        if (!one->result && is_over(batch.connection)) return Failure(one->result.error());
    }
    return {};
}

Result<void> WriteGroup::run_alone(Batch& batch, Write& write) {
    const AuditTail before = batch.tail;
    batch.connection.queue(kSavepoint);
    Result<void> done =
        call_guarded([&] { return write.job ? write.job(batch) : run_steps(batch, write.steps); });
    if (done) {
        batch.connection.queue(kRelease);
        auto collected = batch.connection.collect();
        if (collected) return {};
        done = pass_on(collected);
    } else if (!is_over(batch.connection)) {
        static_cast<void>(batch.connection.collect());  // what it left queued
    }
    if (is_over(batch.connection)) return done;
    batch.connection.queue(kUndo);
    batch.connection.queue(kRelease);
    auto undone = batch.connection.collect();
    if (!undone) return pass_on(undone);
    batch.tail = before;
    return done;
}

void WriteGroup::fail_all(const Failure& failure) {
    for (auto* writes : {&shared_, &alone_}) {
        for (Write* one : *writes)
            one->result = failure;
    }
}

void WriteGroup::fail_done(const Failure& failure) {
    for (auto* writes : {&shared_, &alone_}) {
        for (Write* one : *writes) {
            if (one->result) one->result = failure;
        }
    }
}

}  // namespace ndes::crp::pg
