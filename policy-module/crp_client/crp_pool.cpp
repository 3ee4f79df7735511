#include "policy-module/crp_client/crp_pool.h"

#include <algorithm>
#include <utility>

namespace ndes::policy {

using Admission = Circuit::Admission;

CrpPool::Turn::Turn(Turn&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      index_(other.index_),
      admission_(other.admission_) {}

CrpPool::Turn::~Turn() {
    if (!pool_) return;
    const std::lock_guard lock(pool_->mutex_);
    pool_->members_[index_].circuit.undecided(admission_);
}

CrpClient& CrpPool::Turn::client() const { return *pool_->members_[index_].client; }

void CrpPool::Turn::succeeded() { std::exchange(pool_, nullptr)->say_success(index_); }

void CrpPool::Turn::failed(Way& way, const Fault& fault, bool again) {
    way.marks_[index_] = again ? Way::Mark::asked : Way::Mark::out_of_question;
    std::exchange(pool_, nullptr)->say_failure(index_, admission_, fault);
}

void CrpPool::Turn::put_off(Way& way) { way.marks_[index_] = Way::Mark::asked; }

CrpPool::CrpPool(std::vector<CrpMember> members, CircuitOptions options, const Clock& clock,
                 Log& log)
    : clock_(clock), log_(log) {
    for (CrpMember& member : members)
        members_.push_back(
            Member{std::move(member.name), std::move(member.client), Circuit(options)});
}

CrpPool::Way CrpPool::begin() const {
    Way way;
    way.marks_.assign(members_.size(), Way::Mark::to_ask);
    return way;
}

void CrpPool::begin_again(Way& way) {
    std::ranges::replace(way.marks_, Way::Mark::asked, Way::Mark::to_ask);
}

std::optional<CrpPool::Turn> CrpPool::next(const Way& way) {
    const SteadyTime now = clock_.steady_now();
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < members_.size(); ++i) {
        if (way.marks_[i] != Way::Mark::to_ask) continue;
        const Admission admission = members_[i].circuit.admit(now);
        if (admission != Admission::none) return Turn(*this, i, admission);
    }
    return std::nullopt;
}

bool CrpPool::has_next(const Way& way) {
    const SteadyTime now = clock_.steady_now();
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < members_.size(); ++i)
        if (way.marks_[i] == Way::Mark::to_ask && members_[i].circuit.look(now) != Admission::none)
            return true;
    return false;
}

Fault CrpPool::fault_of_none() {
    const std::lock_guard lock(mutex_);
    Fault fault = members_.front().last_fault;
    fault.text = "not asked, since the last calls failed; the last one: " + fault.text;
    fault.final_for_now = true;
    return fault;
}

void CrpPool::say_success(std::size_t index) {
    const std::lock_guard lock(mutex_);
    Member& member = members_[index];
    if (member.circuit.succeeded())
        log_.write(Severity::info, "CRP " + member.name + " answers again; it takes calls.");
}

void CrpPool::say_failure(std::size_t index, Admission admission, const Fault& fault) {
    const std::lock_guard lock(mutex_);
    Member& member = members_[index];
    member.last_fault = fault;
    if (!member.circuit.failed(admission, clock_.steady_now())) return;
    log_.write(Severity::warning, "CRP " + member.name +
                                      " failed again and again; it is left out for " +
                                      std::to_string(member.circuit.open_for().count()) +
                                      " ms, then tried with one call.");
}

}  // namespace ndes::policy
