// InboxSink: drops each message as `<message ID>.SMX` into a folder, whole or not at all.
// One thread, see sink.h.
#pragma once

#include <filesystem>

#include "common/logging/log.h"
#include "crp-service/state_messages/sink.h"

namespace ndes::crp {

class InboxSink final : public StateMessageSink {
  public:
    // The folder may be missing or unwritable for a while: deliver() says so each time, and works
    // as soon as it is there. The log outlives the sink.
    InboxSink(std::filesystem::path folder, Log& log);

    // storage: the folder or its disk; bad_request: an ID that makes no file name.
    std::vector<Result<void>> deliver(std::span<const StateMessage> messages) override;

  private:
    std::filesystem::path folder_;
    Log& log_;
};

}  // namespace ndes::crp
