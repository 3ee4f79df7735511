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
    if (is_there(own_folder() / kModule)) return (own_folder() / kModule).string();
    std::error_code error;
    // Debian: /usr/lib/TRIPLET/ndes or /usr/lib/ndes
    for (const fs::path& base : {fs::path("/usr/lib"), fs::path("/usr/local/lib")}) {
        for (fs::directory_iterator at(base, error), end; !error && at != end;
             at.increment(error)) {
            for (const char* below : {"", "ndes", "ndes-crp", "ndes-policy"}) {
                if (is_there(at->path() / below / kModule))
                    return (at->path() / below / kModule).string();
            }
        }
    }
    return std::nullopt;
}

}  // namespace ndes::crp::cli
