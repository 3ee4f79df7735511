#include "crp-service/cli/support_bundle/bundle.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

#include <sys/utsname.h>
#include <unistd.h>

#include "common/config/config_file.h"
#include "common/config/written_settings.h"
#include "common/expiry/renewal.h"
#include "common/file.h"
#include "common/process/build_id.h"
#include "common/process/child_program.h"
#include "crp-service/cli/support_bundle/redaction.h"

namespace ndes::crp::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostChildOctets = 8UL * 1024 * 1024;

class Collector {
  public:
    explicit Collector(const BundleOrder& order) : order_(order) {}

    std::vector<BundleEntry> collect() {
        add_versions();
        add_settings(order_.ndesd_config, "ndesd");
        add_settings(order_.crpd_config, "crpd");
        for (const fs::path& module : module_configs())
            add_settings(module, "module");
        for (const fs::path& log : logs())
            add_log(log);
        add_journal();
        add_own("expiry.json", "every certificate, CRL and key with its end",
                with_configs({"expiry", "--format", "json"}));
        add_own("doctor.json", "findings of crpctl doctor",
                with_configs({"doctor", "--format", "json"}));
        add_own("status.json", "health of crpd", {"status", "--format", "json"});
        for (const std::string& id : order_.transactions)
            add_transaction(id);
        return std::move(entries_);
    }

  private:
    void add(std::string name, std::string what, const std::string& text) {
        for (int again = 2; !names_.insert(name).second; ++again)
            name += "-" + std::to_string(again);
        entries_.push_back({std::move(name), std::move(what), masked_text(text)});
    }

    void add_versions() {
        std::string text = "crpctl " + version_and_build(NDES_VERSION) + "\n";
        struct ::utsname host {};
        if (::uname(&host) == 0)
            text += std::string(host.sysname) + " " + host.release + " " + host.machine + "\n";
        if (const auto os = read_file("/etc/os-release")) text += *os;
        for (const char* program : {"ndesd", "crpd"})
            for (const char* folder : {"/usr/sbin/", "/usr/local/sbin/"})
                if (std::error_code gone; fs::exists(folder + std::string(program), gone))
                    text += output_of({folder + std::string(program), "--version"});
        if (std::error_code gone; fs::exists("/usr/bin/dpkg-query", gone))
            text += output_of({"/usr/bin/dpkg-query", "--show", "ndes-*", "openssl", "libssl3",
                               "libcpprest2.10", "libsqlite3-0", "libpq5"});
        add("versions.txt", "of our programs, the libraries and the system", text);
    }

    // The file and its conf.d, key by key; comments are left out.
    void add_settings(const fs::path& config, const std::string& program) {
        if (config.empty()) return;
        std::vector<fs::path> files{config};
        std::error_code gone;
        for (fs::directory_iterator at(config.parent_path() / "conf.d", gone), end;
             !gone && at != end; at.increment(gone))
            if (at->path().extension() == ".toml") files.push_back(at->path());
        std::sort(files.begin() + 1, files.end());
        for (const fs::path& file : files) {
            std::string text = "# " + file.string() + "\n";
            const auto settings = written_settings(file);
            if (!settings) text += "# " + settings.error().text + "\n";
            if (settings)
                for (const WrittenSetting& one : *settings)
                    text += one.name + " = " + masked_setting(one.name, one.value) + "  # line " +
                            std::to_string(one.line) + "\n";
            add("config/" + program + "/" + file.filename().string(),
                "settings of " + program + ", secrets masked", text);
        }
    }

    // The settings of each module that ndesd's name.
    std::vector<fs::path> module_configs() const {
        std::vector<fs::path> found = order_.module_configs;
        if (order_.ndesd_config.empty()) return found;
        auto file = ConfigFile::load(order_.ndesd_config);
        if (!file) return found;
        ConfigTable root = file->root();
        const auto take = [&](ConfigTable policy) {
            if (fs::path path = policy.path("module_config"); !path.empty())
                found.push_back(std::move(path));
        };
        take(root.table("policy"));
        for (ConfigTable profile : root.tables("profile"))
            take(profile.table("policy"));
        return found;
    }

    std::vector<fs::path> logs() const {
        std::vector<fs::path> found = order_.logs;
        for (const fs::path& config : {order_.ndesd_config, order_.crpd_config}) {
            if (config.empty()) continue;
            auto file = ConfigFile::load(config);
            if (!file) continue;
            ConfigTable root = file->root();
            for (fs::path log :
                 {root.table("log").path("cmtrace_file"), root.table("events").path("file")})
                if (!log.empty()) found.push_back(std::move(log));
        }
        return found;
    }

    // Its last octets, from the begin of a line on.
    void add_log(const fs::path& log) {
        const std::string name = "log/" + log.filename().string();
        std::ifstream in(log, std::ios::binary | std::ios::ate);
        if (!in) {
            add(name, "log that cannot be read", log.string() + ": cannot be read\n");
            return;
        }
        const auto size = static_cast<std::size_t>(in.tellg());
        const std::size_t from = size > order_.log_octets ? size - order_.log_octets : 0;
        in.seekg(static_cast<std::streamoff>(from));
        std::string text(size - from, '\0');
        in.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(in.gcount()));
        if (from > 0) text.erase(0, text.find('\n') + 1);
        add(name, "end of " + log.string(), text);
    }

    void add_journal() {
        constexpr const char* kJournalctl = "/usr/bin/journalctl";
        std::error_code gone;
        if (!fs::exists("/run/systemd/system", gone) || !fs::exists(kJournalctl, gone)) return;
        add("log/journal.jsonl", "the journal of ndesd and crpd with its fields, last 5000 records",
            output_of({kJournalctl, "--no-pager", "--lines=5000", "--output=json",
                       "--unit=ndesd.service", "--unit=crpd.service"}));
    }

    void add_transaction(const std::string& id) {
        std::vector<std::string> arguments{"tx", "trace", id, "--format", "json"};
        for (const fs::path& log : logs()) {
            arguments.push_back("--log");
            arguments.push_back(log.string());
        }
        std::string name = id;
        for (char& c : name)
            if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '-') c = '_';
        add_own("transactions/" + name.substr(0, 100) + ".json", "timeline of transaction " + id,
                arguments);
    }

    std::vector<std::string> with_configs(std::vector<std::string> arguments) const {
        for (const auto& [option, file] : {std::pair("--ndesd-config", order_.ndesd_config),
                                           std::pair("--crpd-config", order_.crpd_config)}) {
            if (file.empty()) continue;
            arguments.emplace_back(option);
            arguments.push_back(file.string());
        }
        return arguments;
    }

    // What another command of this very program prints, as the caller of this one.
    void add_own(const std::string& name, const std::string& what,
                 std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "/proc/self/exe");
        add(name, what, output_of(std::move(arguments)));
    }

    static std::string output_of(std::vector<std::string> arguments) {
        ChildOrder child;
        child.arguments = std::move(arguments);
        for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry)
            child.environment.emplace_back(*entry);
        child.deadline = std::chrono::seconds(60);
        child.output_octets = kMostChildOctets;
        const auto outcome = run_child(child);
        if (!outcome) return outcome.error().text + "\n";
        if (!outcome->output.empty()) return outcome->output;
        return "exit status " + std::to_string(outcome->exit_code) + "\n" + outcome->errors;
    }

    const BundleOrder& order_;
    std::vector<BundleEntry> entries_;
    std::set<std::string> names_;
};

Result<void> write_entries(const std::vector<BundleEntry>& entries, const fs::path& folder) {
    for (const BundleEntry& entry : entries) {
        const fs::path path = folder / entry.name;
        std::error_code fault;
        fs::create_directories(path.parent_path(), fault);
        std::ofstream out(path, std::ios::binary);
        out << entry.text;
        out.close();
        if (fault || !out) return fail(ErrorCode::storage, path.string() + ": cannot be written");
    }
    return {};
}

Result<void> pack(const fs::path& work, const std::string& top, const fs::path& file) {
    ChildOrder tar;
    tar.arguments = {"/usr/bin/tar",
                     "--create",
                     "--gzip",
                     "--owner=0",
                     "--group=0",
                     "--sort=name",
                     "--directory",
                     work,
                     "--file",
                     (work / "out").string(),
                     top};
    tar.environment = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
    tar.deadline = std::chrono::minutes(2);
    const auto done = run_child(tar);
    if (!done) return Failure(done.error());
    if (done->exit_code != 0)
        return fail(ErrorCode::storage, "tar cannot make the archive", done->errors);
    std::ifstream in(work / "out", std::ios::binary);
    const std::string archive((std::istreambuf_iterator<char>(in)), {});
    return write_fresh_file(file, archive, 0600);
}

}  // namespace

std::vector<BundleEntry> collect_bundle(const BundleOrder& order, WallTime now) {
    std::vector<BundleEntry> entries = Collector(order).collect();
    std::string manifest = manifest_of(entries, now);
    entries.insert(entries.begin(), {"MANIFEST", "this list", std::move(manifest)});
    return entries;
}

std::string manifest_of(const std::vector<BundleEntry>& entries, WallTime now) {
    std::string text = "Support bundle of NDES-CRP, " + to_rfc3339(now) + "\n\n";
    for (const BundleEntry& entry : entries)
        text +=
            entry.name + "\t" + std::to_string(entry.text.size()) + " octets\t" + entry.what + "\n";
    return text +
           "\nIn none of them: keys, challenges, passwords, request bytes. Names of hosts, users "
           "and devices\nstand in logs and transactions; look through them before you hand them "
           "on.\n";
}

Result<void> write_bundle(const std::vector<BundleEntry>& entries, const fs::path& file,
                          WallTime now) {
    std::error_code ignored;
    if (fs::exists(fs::symlink_status(file, ignored)))
        return fail(ErrorCode::conflict, file.string() + ": exists; it is never overwritten");
    std::string work = (fs::temp_directory_path() / "ndes-support-XXXXXX").string();
    if (::mkdtemp(work.data()) == nullptr)  // mode 0700
        return fail(ErrorCode::storage, work + ": cannot be made");
    const std::string top = "ndes-support-" + file_stamp(now);
    Result<void> done = write_entries(entries, fs::path(work) / top);
    if (done) done = pack(work, top, file);
    fs::remove_all(work, ignored);
    return done;
}

}  // namespace ndes::crp::cli
