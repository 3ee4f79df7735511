// StateMessageSink: where state messages go. Knows no outbox; delivers what it is handed.
// deliver() is called by one thread, the dispatcher's.
#pragma once

#include <span>
#include <vector>

#include "common/error.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp {

class StateMessageSink {
  public:
    virtual ~StateMessageSink() = default;

    // Delivers a batch, no two messages of one transaction, so that a sink can share what is costly
    // or deliver side by side. Returns within 45 seconds. One answer for each message tried, in
    // order; those without an answer were not tried. A message answered without error is with the
    // receiver for good, also after a power failure; one that was delivered before is delivered
    // again without harm. Errors:
    //  is_retryable(code): the sink is down and all messages will fare alike
    //  not_found: the receiver does not want this message, now or ever: a dead letter at once
    //  any other code: this message cannot be delivered as things are; it is tried again
    // Error::retry_after is the receiver's own wish, if it told one.
    virtual std::vector<Result<void>> deliver(std::span<const StateMessage> messages) = 0;
};

}  // namespace ndes::crp
