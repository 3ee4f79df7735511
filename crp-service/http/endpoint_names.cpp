#include "crp-service/http/endpoint_names.h"

namespace ndes::crp {

std::vector<std::string> endpoint_names() {
    std::vector<std::string> names;
    for (const Route& route : all_routes()) {
        const std::string pattern(route.pattern);
        const bool in_full = pattern.starts_with("/api/") || !route.adapter.empty();
        names.push_back(in_full ? std::string(route.method) + " " + pattern
                                : pattern.substr(pattern.rfind('/') + 1));
    }
    names.emplace_back("other");
    return names;
}

std::size_t endpoint_of(const Route* route) {
    return route == nullptr ? all_routes().size()
                            : static_cast<std::size_t>(route - all_routes().data());
}

}  // namespace ndes::crp
