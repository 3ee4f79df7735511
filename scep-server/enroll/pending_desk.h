// PendingDesk: what operators do with requests that wait: look, approve, deny; and what time does
// to them.
// Knows no HTTP. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/error.h"
#include "common/logging/log.h"
#include "scep-server/enroll/issuance.h"
#include "scep-server/journal/journal.h"

namespace ndes::scep {

// All outlive the desk.
struct PendingDeskParts {
    Journal& journal;
    // Null for a profile that is configured no longer.
    std::function<const Issuance*(const std::string& profile)> issuance_of;
    Log& log;
};

// What became of an approval.
struct Approval {
    OutcomeKind outcome = OutcomeKind::issued;  // pending: the CA holds it now; refused: by the CA
    std::string serial;                         // issued
};

class PendingDesk {
  public:
    explicit PendingDesk(PendingDeskParts parts) : parts_(std::move(parts)) {}

    // Open requests after that ID, oldest first.
    Result<std::vector<PendingRequest>> list(std::int64_t after, std::size_t limit);
    // not_found; conflict when it waits no longer; unavailable when the CA cannot be asked: it
    // waits still. `who` is named in the log.
    Result<Approval> approve(std::int64_t id, const std::string& who);
    Result<void> deny(std::int64_t id, const std::string& who, const std::string& why);

    // Ends what RefreshPeriod is over for, and forgets old rows; from time to time.
    void tend();

  private:
    struct Found {
        PendingRequest request;
        const Issuance& issuance;
    };
    Result<Found> find_waiting(std::int64_t id);
    Attempt attempt_of(const PendingRequest& request) const;
    Result<void> expire_overdue();
    bool expire(const PendingRequest& request);

    PendingDeskParts parts_;
};

}  // namespace ndes::scep
