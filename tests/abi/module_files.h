// Where the built module is, and settings files for it.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/policy_module/https_bench.h"

namespace ndes::test {

inline std::filesystem::path built_module() {
    return std::filesystem::path(NDES_BINARY_DIR) / "bin/ndes_policy_crp.so";
}

// Settings for a CRP at `host`:`port`, as an operator would write them.
inline std::filesystem::path write_module_config(const HttpsBench& bench, std::uint16_t port,
                                                 const std::string& more = {},
                                                 const std::string& host = "localhost") {
    const auto path = bench.folder.path() / ("module-" + std::to_string(port) + ".toml");
    std::ofstream(path) << "[crp]\nurls = [\"https://" << host << ":" << port
                        << "/CMCertificateRegistration\"]\ncertificate_file = \""
                        << bench.client.certificate_file.filename().string() << "\"\nkey_file = \""
                        << bench.client.key_file.filename().string() << "\"\nserver_ca_file = \""
                        << bench.ca.certificate_file().filename().string() << "\"\n"
                        << more;
    return path;
}

}  // namespace ndes::test
