// OwnCertificates: what ndesd works with now, with the RA that is in use rather than the one that
// its files hold. look(): main's thread; get(): any thread.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "common/clock.h"
#include "common/expiry/expiring.h"
#include "scep-server/config.h"
#include "scep-server/profile.h"

namespace ndes::scep {

class OwnCertificates {
  public:
    // Reads the files anew.
    void look(const Config& config, const std::vector<std::unique_ptr<Profile>>& profiles,
              WallTime now);

    std::shared_ptr<const ExpiringList> get() const {  // never null
        const std::lock_guard lock(mutex_);
        return list_;
    }

  private:
    mutable std::mutex mutex_;  // guards the pointer for a copy
    std::shared_ptr<const ExpiringList> list_ = std::make_shared<const ExpiringList>();
};

}  // namespace ndes::scep
