// Sinks without a backlog are told as well, and which are configured: the same for every backend.
// Pure function.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "crp-service/store/store_types.h"

namespace ndes::crp {

// Marks the entries of `sinks`, and adds an empty one for each that has none; ordered by name.
inline void complete_backlogs(std::vector<SinkBacklog>& backlogs,
                              const std::vector<std::string>& sinks) {
    for (const std::string& sink : sinks) {
        auto same = std::ranges::find(backlogs, sink, &SinkBacklog::sink);
        if (same == backlogs.end()) {
            backlogs.push_back({.sink = sink, .oldest_waiting = {}});
            same = std::prev(backlogs.end());
        }
        same->is_configured = true;
    }
    std::ranges::sort(backlogs, {}, &SinkBacklog::sink);
}

}  // namespace ndes::crp
