// InboxSink: drops each message as `<message ID>.SMX` into a folder, whole or not at all; plain or
// signed and encrypted.
// deliver(): one thread, see sink.h. replace(): any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>

#include "common/clock.h"
#include "common/logging/log.h"
#include "crp-service/state_messages/sink.h"
#include "crp-service/state_messages/smx_sealer.h"

namespace ndes::crp {

class InboxSink final : public StateMessageSink {
  public:
    // The folder may be missing or unwritable for a while: deliver() says so each time, and works
    // as soon as it is there. `sealer`: null for plain files. Clock and log outlive the sink.
    InboxSink(std::filesystem::path folder, std::shared_ptr<const SmxSealer> sealer,
              const Clock& clock, Log& log);

    // Deliveries that begin from now on use `sealer`.
    void replace(std::shared_ptr<const SmxSealer> sealer);

    // storage: the folder or its disk; unavailable: certificates out of date; bad_request: an ID
    // that makes no file name.
    std::vector<Result<void>> deliver(std::span<const StateMessage> messages) override;

  private:
    const std::filesystem::path folder_;
    const Clock& clock_;
    Log& log_;
    std::mutex mutex_;  // guards sealer_, for one copy
    std::shared_ptr<const SmxSealer> sealer_;
};

}  // namespace ndes::crp
