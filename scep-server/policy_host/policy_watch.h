// PolicyWatch: a policy as it is, and whether it could be asked of late; for health.
// Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>

#include "common/clock.h"
#include "scep-server/policy_host/policy.h"

namespace ndes::scep {

struct PolicyStanding {
    bool answers = true;
    std::optional<WallTime> failed_at = {};  // when it could not be asked, the last time
};

class PolicyWatch final : public Policy {
  public:
    // A failure counts for so long, unless an answer comes before: whoever is sent no requests
    // while he is not ready could never find out that he is again.
    static constexpr std::chrono::seconds kCounts{60};

    // `clock` outlives the object.
    PolicyWatch(std::unique_ptr<Policy> policy, const Clock& clock)
        : policy_(std::move(policy)), clock_(clock) {}

    Result<PolicyAnswer> verify(const PolicyQuestion& question) override;
    // Says that the policy answers, never that it does not: outcomes can wait (NotifyWatch).
    Result<void> notify(const PolicyOutcome& outcome) override;
    Result<std::string> generate_challenge(std::string_view template_name,
                                           std::string_view params) override {
        return policy_->generate_challenge(template_name, params);
    }
    std::string name() const override { return policy_->name(); }

    PolicyStanding standing() const;

  private:
    void answered();
    void failed();

    const std::unique_ptr<Policy> policy_;
    const Clock& clock_;
    mutable std::mutex mutex_;  // guards those below, held for moments
    bool answers_ = true;
    std::optional<WallTime> failed_at_;
    SteadyTime failed_at_steady_{};
};

}  // namespace ndes::scep
