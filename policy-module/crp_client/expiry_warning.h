// ExpiryWarning: says that our client certificate expires, 30, 14, 7 and 1 days before, each once
// for a certificate. What was said is not kept over a restart: then the nearest of them is said
// once more. Knows no file. One thread at a time.
#pragma once

#include <optional>
#include <string>

#include "common/clock.h"

namespace ndes::policy {

class ExpiryWarning {
  public:
    // The line to log now, if one is due. Nothing after the expiry: then each call fails with
    // 12037.
    std::optional<std::string> take_due(const std::string& thumbprint, WallTime not_after,
                                        WallTime now);

  private:
    std::string thumbprint_;
    int said_ = 0;  // the least threshold that was said of this certificate, days; 0: none
};

}  // namespace ndes::policy
