#include "crp-service/state_messages/left_over.h"

#include <string>

namespace ndes::crp {

void log_left_over_messages(Store& store, Log& log) {
    const auto backlogs = store.count_deliveries();
    if (!backlogs) return;  // the self-check tells
    for (const SinkBacklog& one : *backlogs) {
        if (one.is_configured || one.waiting == 0) continue;
        log.note(Severity::warning,
                 std::to_string(one.waiting) + " state messages wait for the sink \"" + one.sink +
                     "\", which is not configured here; unless another crpd has it, they go by "
                     "retention.messages_after",
                 {{"event", "sink-left-over"},
                  {"sink", one.sink},
                  {"waiting", std::to_string(one.waiting)}});
    }
}

}  // namespace ndes::crp
