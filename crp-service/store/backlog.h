// Sinks without a backlog are told as well: the same for every backend. Pure function.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "crp-service/store/store_types.h"

namespace ndes::crp {

// Adds an empty entry for each of `sinks` that has none; ordered by name.
inline void complete_backlogs(std::vector<SinkBacklog>& backlogs,
                              const std::vector<std::string>& sinks) {
    for (const std::string& sink : sinks) {
        const auto same = [&](const SinkBacklog& one) { return one.sink == sink; };
        if (std::ranges::none_of(backlogs, same)) backlogs.push_back({sink, 0, 0, std::nullopt});
    }
    std::ranges::sort(backlogs, {}, &SinkBacklog::sink);
}

}  // namespace ndes::crp
