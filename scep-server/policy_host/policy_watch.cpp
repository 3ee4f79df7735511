#include "scep-server/policy_host/policy_watch.h"

namespace ndes::scep {
namespace {

bool could_not_be_asked(const Error& error) {
    return error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout;
}

}  // namespace

Result<PolicyAnswer> PolicyWatch::verify(const PolicyQuestion& question) {
    auto answer = policy_->verify(question);
    if (!answer && could_not_be_asked(answer.error()))
        failed();
    else
        answered();
    return answer;
}

Result<void> PolicyWatch::notify(const PolicyOutcome& outcome) {
    auto told = policy_->notify(outcome);
    if (told) answered();
    return told;
}

PolicyStanding PolicyWatch::standing() const {
    const std::lock_guard lock(mutex_);
    return {answers_ || clock_.steady_now() - failed_at_steady_ >= kCounts, failed_at_};
}

void PolicyWatch::answered() {
    const std::lock_guard lock(mutex_);
    answers_ = true;
}

void PolicyWatch::failed() {
    const std::lock_guard lock(mutex_);
    answers_ = false;
    failed_at_ = clock_.now();
    failed_at_steady_ = clock_.steady_now();
}

}  // namespace ndes::scep
