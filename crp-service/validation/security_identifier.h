// Windows security identifiers inside certificates, in the form of a URI among the alternative
// names (Microsoft, KB5014754): "tag:microsoft.com,2022-09-14:sid:S-1-5-21-…".
// Pure function; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/certificate_contents.h"

namespace ndes::crp {

inline constexpr std::string_view kSidUriPrefix = "tag:microsoft.com,2022-09-14:sid:";

// The SID of such a URI, whatever the case of its prefix; absent for every other name.
inline std::optional<std::string> sid_of_uri(const SubjectAltName& name) {
    if (name.type != SubjectAltNameType::uri || name.value.size() < kSidUriPrefix.size()) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < kSidUriPrefix.size(); ++i) {
        const char c = name.value[i];
        const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        if (lower != kSidUriPrefix[i]) return std::nullopt;
    }
    return name.value.substr(kSidUriPrefix.size());
}

}  // namespace ndes::crp
