#include "crp-service/cli/init/init_programs.h"

#include <filesystem>

namespace ndes::crp::cli {

namespace {

namespace fs = std::filesystem;
constexpr const char* kModule = "ndes_policy_crp.so";

fs::path own_folder() {
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error).parent_path();
}

bool is_there(const fs::path& file) {
    std::error_code error;
    return fs::is_regular_file(file, error);
}

}  // namespace

std::string program_file(const std::string& name) {
    for (const fs::path& folder : {own_folder(), fs::path("/usr/sbin"), fs::path("/usr/bin")}) {
        if (is_there(folder / name)) return (folder / name).string();
    }
    return name;
}

std::optional<std::string> module_file(const InitAnswers&) {
    for (const fs::path& folder :
         {own_folder(), fs::path("/usr/lib/ndes-crp"), fs::path("/usr/local/lib/ndes-crp")}) {
        if (is_there(folder / kModule)) return (folder / kModule).string();
    }
    return std::nullopt;
}

}  // namespace ndes::crp::cli
