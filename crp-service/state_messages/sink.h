// StateMessageSink: where state messages go. Knows no outbox; delivers what it is handed.
// Called by one thread, the dispatcher's.
#pragma once

#include <span>
#include <vector>

#include "common/error.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp {

class StateMessageSink {
  public:
    virtual ~StateMessageSink() = default;

    // Delivers a batch, so that a sink can share what is costly about it. One answer for each
    // message, in order. A message answered without error is with the receiver for good, also
    // after a power failure; one that was delivered before is delivered again without harm.
    // Errors: is_retryable(code) means that the sink is down and all messages will fare alike;
    // any other code, that this message cannot be delivered as it is.
    virtual std::vector<Result<void>> deliver(std::span<const StateMessage> messages) = 0;
};

}  // namespace ndes::crp
