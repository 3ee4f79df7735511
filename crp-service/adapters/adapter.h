// Adapter: one that is switched on in the configuration, with the settings of its own.
// Knows no path and no caller. Changed by load() alone, before it is shared; then any thread.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/error.h"

namespace ndes::crp {

class Adapter {
  public:
    Adapter() = default;
    virtual ~Adapter() = default;
    Adapter(const Adapter&) = delete;
    Adapter& operator=(const Adapter&) = delete;

    // What load() reads; a change of one starts a reload.
    virtual std::vector<std::filesystem::path> files() const { return {}; }
    // Reads them. configuration, naming the file.
    virtual Result<void> load() { return {}; }
};

// By name, e.g. "step_ca".
using Adapters = std::map<std::string, std::shared_ptr<Adapter>, std::less<>>;

}  // namespace ndes::crp
