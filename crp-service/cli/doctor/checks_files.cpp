// DR-32, DR-34: databases, and what is newer than the process that uses it.
#include <algorithm>

#include <sys/statvfs.h>
#include <unistd.h>

#include "common/sqlite/database.h"
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/site.h"
#include "crp-service/store/schema_version.h"

namespace ndes::crp::cli::doctor {

namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMib = 1024 * 1024;
// Larger ones take longer than an hourly check may: they are read through with --deep.
constexpr std::uintmax_t kReadThrough = 256 * kMib;

void judge_disk(const fs::path& file, Finding& finding) {
    struct statvfs disk {};
    const fs::path folder = fs::absolute(file).parent_path();
    if (::statvfs(folder.c_str(), &disk) != 0) return;
    const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    const std::uint64_t whole = std::uint64_t{disk.f_blocks} * disk.f_frsize;
    const std::string observed = std::to_string(free / kMib) + " MiB of " +
                                 std::to_string(whole / kMib) + " MiB are free for " +
                                 folder.string();
    const std::string repair = "df -h " + folder.string() + "; make room";
    if (free < 8 * kMib)
        finding.fail(observed, "Nothing can be recorded: every enrolment is answered with 503.",
                     repair);
    else if (free < 100 * kMib || free < whole / 100)
        finding.warn(observed, "When it is full, every enrolment is answered with 503.", repair);
}

void judge_wal(const fs::path& file, Finding& finding) {
    std::error_code fault;
    const auto size = fs::file_size(file.string() + "-wal", fault);
    if (fault || size < 512 * kMib) return;
    finding.warn(file.string() + "-wal has " + std::to_string(size / kMib) + " MiB",
                 "It grows until the disk is full: something holds an old read open.",
                 "find it by: fuser " + file.string() + "; then systemctl restart crpd");
}

bool is_small(const fs::path& file) {
    std::error_code fault;
    const auto size = fs::file_size(file, fault);
    return fault || size < kReadThrough;
}

// A database that nobody has open needs files beside it to be read.
bool is_shut(const fs::path& file) {
    std::error_code fault;
    return fs::exists(file, fault) && !fs::exists(file.string() + "-shm", fault) &&
           ::access(fs::absolute(file).parent_path().c_str(), W_OK) != 0;
}

void judge_crp_database(Site& site, const StoreOptions& store, Finding& finding) {
    const std::string config = " --config " + site.options().crpd_config.string();
    constexpr const char* kEffect = "crpd does not start, or answers 503.";
    if (store.kind == "sqlite" && is_shut(store.path)) {
        finding.found(store.path.string() +
                      " is not open, and its folder cannot be written from "
                      "here: not looked into");
    } else if (store.kind == "sqlite" && !site.options().deep && !is_small(store.path)) {
        auto database = sqlite::Database::open(store.path, sqlite::OpenMode::read_only);
        auto sound = database ? check_schema(*database) : Result<void>(Failure(database.error()));
        if (!sound)
            finding.fail(sound.error().text, kEffect, "crpctl db migrate" + config);
        else
            finding.found(store.path.string() + " opens; it is read through with --deep");
    } else if (const auto checked = check_store(store); !checked) {
        const bool schema = checked.error().text.find("schema") != std::string::npos;
        finding.fail(checked.error().text, kEffect,
                     schema ? "crpctl db migrate" + config + ", after crpctl db backup"
                            : "crpctl db check" + config +
                                  "; crpctl db restore --from FILE --replace" + config);
    } else {
        finding.found(*checked);
    }
    if (store.kind != "sqlite") return;
    judge_disk(store.path, finding);
    judge_wal(store.path, finding);
}

void judge_journal(const scep::Config& config, bool deep, Finding& finding) {
    const fs::path& file = config.journal.path;
    std::error_code fault;
    if (!fs::exists(file, fault)) {
        if (!config.journal.create)
            finding.fail(file.string() + " is not there", "ndesd does not start.",
                         "bring it back from the backup; journal.create = true makes an empty one");
        return;
    }
    if (is_shut(file)) return;
    const bool whole = deep || is_small(file);
    auto database = sqlite::Database::open(file, sqlite::OpenMode::read_only);
    auto statement =
        database ? database->prepare(whole ? "PRAGMA quick_check(1)" : "PRAGMA schema_version")
                 : Result<sqlite::Statement>(Failure(database.error()));
    auto row = statement ? statement->step() : Result<bool>(Failure(statement.error()));
    std::string verdict;
    if (row && *row) verdict = whole ? statement->text(0) : "ok";
    if (verdict != "ok")
        finding.fail("ndesd's journal " + file.string() + ": " + (row ? verdict : row.error().text),
                     "Issued certificates and outcomes not told yet are lost to ndesd.",
                     "systemctl stop ndesd; bring it back from the backup");
    else
        finding.found(whole ? "ndesd's journal is whole"
                            : "ndesd's journal opens; it is read through with --deep");
    judge_disk(file, finding);
    judge_wal(file, finding);
}

}  // namespace

Finding check_database(Site& site) {
    Finding finding;
    const auto& server = site.ndesd();
    const auto& crp = site.crpd();
    if (!server && !crp) return not_to_be_had(crp.error());
    if (crp) judge_crp_database(site, crp->store, finding);
    if (server) judge_journal(*server, site.options().deep, finding);
    return finding;
}

namespace {

std::optional<WallTime> changed_at(const fs::path& file) {
    std::error_code fault;
    const auto time = fs::last_write_time(file, fault);
    if (fault) return std::nullopt;
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::file_clock::to_sys(time));
}

// The configuration file and its conf.d.
std::vector<fs::path> configuration_files(const fs::path& main) {
    std::vector<fs::path> files{main};
    std::error_code fault;
    for (fs::directory_iterator at(main.parent_path() / "conf.d", fault), end; !fault && at != end;
         at.increment(fault))
        if (at->path().extension() == ".toml") files.push_back(at->path());
    return files;
}

void judge_age(const std::string& program, const ProcessFacts& process, WallTime taken,
               const std::vector<fs::path>& files, Finding& finding) {
    const std::string repair = "systemctl restart " + program;
    if (process.program_replaced)
        finding.warn(process.program.string() + " was replaced, process " +
                         std::to_string(process.id) + " still runs the one of before",
                     "Its mended faults are still there.", repair);
    for (const fs::path& file : files) {
        const auto changed = changed_at(file);
        if (!changed || *changed <= taken) continue;
        finding.warn(file.string() + " changed at " + to_rfc3339(*changed) + " but " + program +
                         (taken == process.started ? " started at " : " read it last at ") +
                         to_rfc3339(taken),
                     "What was changed is not in force.",
                     repair + " (no reboot is needed); crpctl doctor --check DR-34");
    }
}

// crpd reads its configuration again by itself, and tells when, and what of it has to wait.
void judge_crpd_age(Site& site, const ProcessFacts& process, Finding& finding) {
    WallTime taken = process.started;
    if (const auto& metrics = site.crpd_metrics()) {
        const double seconds = metrics->sum("ndes_crp_config_taken_timestamp_seconds");
        if (seconds > 0)
            taken = WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
        if (metrics->sum("ndes_crp_config_restart_needed") > 0)
            finding.warn("crpd's configuration has changes that only a restart puts in force",
                         "What was changed is not in force.", "systemctl restart crpd");
    }
    judge_age("crpd", process, taken, configuration_files(site.options().crpd_config), finding);
}

// A fault in a configuration keeps the other checks from looking: it is told here.
template <class T>
void judge_readable(const char* program, const Result<T>& config, Finding& finding) {
    if (config || config.error().code == ErrorCode::not_found) return;
    finding.fail(std::string("The configuration of ") + program + ": " + config.error().text,
                 std::string(program) + " does not start again: no device is answered then.",
                 "mend what the message names");
}

}  // namespace

Finding check_freshness(Site& site) {
    Finding finding;
    const auto& server = site.ndesd();
    const auto& crp = site.crpd();
    judge_readable("ndesd", server, finding);
    judge_readable("crpd", crp, finding);
    if (server) judge_readable("the policy module", site.module(), finding);
    if (const auto& process = site.ndesd_process()) {
        auto files = configuration_files(site.options().ndesd_config);
        files.push_back(site.module_config_file());
        if (server) files.push_back(server->profiles.front().policy.module);
        judge_age("ndesd", *process, process->started, files, finding);
    }
    if (const auto& process = site.crpd_process()) judge_crpd_age(site, *process, finding);
    if (!site.ndesd_process() && !site.crpd_process() && finding.outcome() == Outcome::ok)
        return Finding::skipped("neither ndesd nor crpd runs here with these configurations");
    finding.found("nothing is newer than the process that uses it");
    return finding;
}

}  // namespace ndes::crp::cli::doctor
