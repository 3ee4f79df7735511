// Bundle: what is collected for whoever helps: settings without secrets, versions, the last lines
// of logs, the ends of certificates, crpctl doctor's findings, chosen transactions. Every text
// passes redaction.h on its way in. Works with the daemons stopped. One thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/error.h"

namespace ndes::crp::cli {

struct BundleEntry {
    std::string name;  // in the archive: "log/CRP.log"
    std::string what;  // for the manifest
    std::string text;
};

struct BundleOrder {
    std::filesystem::path ndesd_config;  // empty: none
    std::filesystem::path crpd_config;
    std::vector<std::filesystem::path> module_configs;  // beside those that ndesd's settings name
    std::vector<std::filesystem::path> logs;            // beside those that the settings name
    std::vector<std::string> transactions;
    std::size_t log_octets = 2UL * 1024 * 1024;  // of each log, its end
};

// What cannot be had is an entry that says why.
std::vector<BundleEntry> collect_bundle(const BundleOrder& order, WallTime now);

// Each entry with its size and what it is, and what is in none of them.
std::string manifest_of(const std::vector<BundleEntry>& entries, WallTime now);

// A new .tar.gz, mode 0600, all below one folder, made by the host's tar. conflict when the file
// exists; configuration when tar or the folder cannot be used.
Result<void> write_bundle(const std::vector<BundleEntry>& entries,
                          const std::filesystem::path& file, WallTime now);

}  // namespace ndes::crp::cli
