// LiveParts: what a reload replaces as a whole: caller list, challenge keys and the services that
// hold them. A request works to its end with the parts it began with.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "common/tls/client_certificate.h"
#include "crp-service/adapters/adapter.h"
#include "crp-service/adapters/credentials.h"
#include "crp-service/challenge/challenge_codec.h"
#include "crp-service/enrollment/challenge_service.h"
#include "crp-service/http/caller.h"
#include "crp-service/validation/verify_service.h"

namespace ndes::crp {

struct LiveParts {
    CallerList callers;
    std::unique_ptr<const ChallengeCodec> codec;  // outlives the services below
    std::unique_ptr<VerifyService> verify;
    std::unique_ptr<ChallengeService> challenges;
    // Looks at client certificates again, request by request; null: the handshake's word counts.
    std::unique_ptr<const ClientVerifier> verifier = nullptr;
    Adapters adapters = {};  // those that are switched on
    Credentials credentials = {};
};

// The parts in force. Any thread.
class CurrentParts {
  public:
    explicit CurrentParts(std::shared_ptr<const LiveParts> parts) : parts_(std::move(parts)) {}

    std::shared_ptr<const LiveParts> get() const {
        const std::lock_guard<std::mutex> lock(mutex_);
        return parts_;
    }
    // The old parts end with the last request that works with them.
    void replace(std::shared_ptr<const LiveParts> parts) {
        const std::lock_guard<std::mutex> lock(mutex_);
        parts_.swap(parts);
    }

  private:
    mutable std::mutex mutex_;  // guards parts_ for one copy; a torn pointer without
    std::shared_ptr<const LiveParts> parts_;
};

}  // namespace ndes::crp
