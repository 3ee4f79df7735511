#include "scep-server/metrics/event_counter.h"

#include <charconv>

namespace ndes::scep {

void EventCounter::note(Severity severity, std::string_view text, const LogFields& fields,
                        std::source_location where) {
    const std::string_view event = field_of(fields, "event");
    int number = 0;
    if (std::from_chars(event.data(), event.data() + event.size(), number).ec == std::errc())
        metrics_.count_event(number);
    inner_.note(severity, text, fields, where);
}

}  // namespace ndes::scep
