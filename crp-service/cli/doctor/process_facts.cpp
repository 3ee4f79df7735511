#include "crp-service/cli/doctor/process_facts.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

namespace ndes::crp::cli::doctor {

namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& file) {  // of /proc, whose files have no size
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> arguments_of(const fs::path& folder) {
    std::istringstream text(slurp(folder / "cmdline"));
    std::vector<std::string> arguments;
    for (std::string one; std::getline(text, one, '\0');)
        arguments.push_back(one);
    return arguments;
}

bool uses_config(const std::vector<std::string>& arguments, const fs::path& folder,
                 const fs::path& config) {
    constexpr std::string_view kOption = "--config";
    for (std::size_t i = 1; i < arguments.size(); ++i) {
        fs::path named;
        if (arguments[i] == kOption && i + 1 < arguments.size()) named = arguments[i + 1];
        if (arguments[i].starts_with("--config=")) named = arguments[i].substr(kOption.size() + 1);
        if (named.empty()) continue;
        std::error_code fault;
        if (named.is_relative()) named = fs::read_symlink(folder / "cwd", fault) / named;
        if (fs::equivalent(named, config, fault)) return true;
    }
    return false;
}

// Its age is counted by the clock that is never set, so that a step of the other does not matter.
WallTime start_of(const fs::path& folder, WallTime now) {
    const std::string stat = slurp(folder / "stat");
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) return now;
    std::istringstream fields(stat.substr(name_end + 2));
    std::string skipped;
    constexpr int kFieldsBefore = 19;  // state is field 3, starttime field 22
    for (int i = 0; i < kFieldsBefore; ++i)
        fields >> skipped;
    double ticks = 0;
    fields >> ticks;
    double uptime = 0;
    std::istringstream(slurp("/proc/uptime")) >> uptime;
    const double age = uptime - ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
    return now - std::chrono::milliseconds(static_cast<std::int64_t>(age * 1000));
}

std::optional<std::uint64_t> open_files_of(const fs::path& folder) {
    std::istringstream text(slurp(folder / "limits"));
    constexpr std::string_view kLine = "Max open files";
    for (std::string line; std::getline(text, line);) {
        if (!line.starts_with(kLine)) continue;
        std::istringstream rest(line.substr(kLine.size()));
        std::uint64_t soft = 0;
        if (rest >> soft) return soft;
    }
    return std::nullopt;
}

}  // namespace

std::optional<ProcessFacts> find_process(const std::string& name, const fs::path& config,
                                         WallTime now) {
    std::error_code fault;
    for (fs::directory_iterator at("/proc", fault), end; !fault && at != end; at.increment(fault)) {
        const fs::path folder = at->path();
        if (folder.filename().string().find_first_not_of("0123456789") != std::string::npos ||
            slurp(folder / "comm") != name + "\n")
            continue;
        ProcessFacts facts;
        facts.arguments = arguments_of(folder);
        if (!uses_config(facts.arguments, folder, config)) continue;
        facts.id = static_cast<pid_t>(std::stol(folder.filename()));
        struct stat owner {};
        if (::stat(folder.c_str(), &owner) == 0) facts.user = owner.st_uid;
        facts.started = start_of(folder, now);
        std::string program = fs::read_symlink(folder / "exe", fault).string();
        constexpr std::string_view kGone = " (deleted)";
        facts.program_replaced = program.ends_with(kGone);
        if (facts.program_replaced) program.resize(program.size() - kGone.size());
        facts.program = program;
        facts.open_files = open_files_of(folder);
        return facts;
    }
    return std::nullopt;
}

}  // namespace ndes::crp::cli::doctor
