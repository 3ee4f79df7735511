// Warnings before something of ours ends: 30, 14, 7 and 1 days before, each once for each thing,
// and once more when it has ended. What was said is not kept over a restart: then the nearest of
// them is said once more. A threshold that is more than half of the thing's whole life is left out:
// a CRL good for a week is nothing to warn of on each of its days.
// Know no file. One thread at a time.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/expiry/expiring.h"
#include "common/logging/log.h"

namespace ndes {

// The threshold in days that `now` has come within; 0 when it ends later than all of them, or has
// ended.
int expiry_threshold(WallTime begins, WallTime ends, WallTime now);

// Of one thing that is replaced from time to time.
class ExpiryWarning {
  public:
    // The threshold to tell of now, if one is due. Nothing after the end.
    std::optional<int> take_due(const std::string& id, WallTime begins, WallTime ends,
                                WallTime now);

  private:
    std::string id_;
    int said_ = 0;  // the least threshold that was said of this thing, days; 0: none
};

// "within 7 days", "within 1 day"
std::string within_days(int threshold);

// Of all things of a program.
class ExpiryWatch {
  public:
    // Notes what is due of `list`: a warning at each threshold, an error once it has ended or when
    // it cannot be read. What is no longer in the list is forgotten.
    void tell(const ExpiringList& list, WallTime now, Log& log);

  private:
    std::map<std::string, int> said_;  // of use and id: the least threshold; 0: that it has ended
};

// For the STATUS line: "; ra-signing certificate ends in 6 days (crpctl expiry)" for the first of
// those that have come within a threshold, or have ended; empty when all is well.
std::string expiry_status(const ExpiringList& list, WallTime now);

}  // namespace ndes
