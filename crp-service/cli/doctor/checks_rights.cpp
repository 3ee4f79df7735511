// DR-31: as whom the programs run, and who can read their secrets.
#include <cerrno>
#include <optional>
#include <set>
#include <sstream>

#include <pwd.h>
#include <sys/stat.h>

#include "common/file.h"
#include "common/process/child_program.h"
#include "crp-service/cli/crpd_settings.h"
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/site.h"

namespace ndes::crp::cli::doctor {

namespace {

std::string mode_text(mode_t mode) {
    std::ostringstream text;
    text << std::oct << (mode & 07777);
    return text.str();
}

std::string user_name(uid_t user) {
    const passwd* entry = ::getpwuid(user);
    return entry == nullptr ? std::to_string(user) : entry->pw_name;
}

// Whom a program's secrets must belong to: as whom it runs, else as whom its unit would start it.
// Nothing when that is not known, or root, who reads everything.
std::optional<uid_t> user_of(const std::string& program,
                             const std::optional<ProcessFacts>& process) {
    if (process) return process->user == 0 ? std::nullopt : std::optional(process->user);
    if (!has_systemd()) return std::nullopt;
    ChildOrder order;
    order.arguments = {"/usr/bin/systemctl", "show", program + ".service", "-p", "User", "--value"};
    const auto outcome = run_child(order);
    if (!outcome || outcome->exit_code != 0) return std::nullopt;
    const std::string name = outcome->output.substr(0, outcome->output.find('\n'));
    const passwd* entry = name.empty() ? nullptr : ::getpwnam(name.c_str());
    return entry == nullptr || entry->pw_uid == 0 ? std::nullopt : std::optional(entry->pw_uid);
}

void judge_secret(const OwnFile& own, std::optional<uid_t> user, Finding& finding) {
    const std::filesystem::path& file = own.what.file;
    struct stat facts {};
    if (file.empty() || is_systemd_credential(file)) return;  // in a token, or systemd's business
    const std::string program = own.program == "module" ? "ndesd" : own.program;
    if (::stat(file.c_str(), &facts) != 0) {
        if (errno != ENOENT && errno != ENOTDIR) return;  // not ours to look at
        return finding.fail(
            "The secret " + own.what.use + " of " + own.program + ": " + own.what.fault,
            program + " does not start, or goes on with what it had until then.",
            "bring the file back from the backup, mode 0600");
    }
    if ((facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        finding.fail(file.string() + " is open to others than its owner (mode " +
                         mode_text(facts.st_mode) + ")",
                     "Who reads it can act as this service; the program refuses it at its start.",
                     "chmod 0600 " + file.string());
    if (user && facts.st_uid != *user)
        finding.fail(file.string() + " belongs to " + user_name(facts.st_uid) + ", but " + program +
                         " runs as " + user_name(*user),
                     program + " cannot read it: it does not start, or keeps what it had before.",
                     "chown " + user_name(*user) + ": " + file.string());
}

// Of the secrets that are systemd's to hand over the owner does not matter.
std::size_t judge_secrets(Site& site, Finding& finding) {
    const std::optional<uid_t> ndesd = user_of("ndesd", site.ndesd_process());
    const std::optional<uid_t> crpd = user_of("crpd", site.crpd_process());
    const auto handed_over =
        site.crpd() ? credential_sources(site.options().crpd_config) : std::set<std::string>();
    const bool own_module = site.options().module_config.empty();  // else another program's
    std::size_t count = 0;
    for (const OwnFile& own : site.own_files()) {
        if (own.what.kind != ExpiringKind::key) continue;
        ++count;
        std::optional<uid_t> user;
        if (own.program == "ndesd" || (own.program == "module" && own_module)) user = ndesd;
        if (own.program == "crpd" && !handed_over.contains(own.what.file.string())) user = crpd;
        judge_secret(own, user, finding);
    }
    return count;
}

void judge_config_file(const std::filesystem::path& file, Finding& finding) {
    struct stat facts {};
    if (::stat(file.c_str(), &facts) == 0 && (facts.st_mode & S_IWOTH) != 0)
        finding.fail(file.string() + " can be written by everybody",
                     "Who writes there decides who gets a certificate.",
                     "chmod o-w " + file.string());
}

void judge_process(const char* program, const std::optional<ProcessFacts>& process, bool lab,
                   Finding& finding) {
    if (!process) return;
    if (process->user == 0 && !lab)
        finding.fail(std::string(program) + " runs as root",
                     "A fault in it is a fault of the whole machine.",
                     std::string("systemctl edit ") + program + ", User=" + program);
    for (const std::string& argument : process->arguments)
        if (argument.find("-----BEGIN") != std::string::npos || argument.starts_with("crp1."))
            finding.fail(std::string(program) + " has a secret among its arguments",
                         "Every user of the machine can read it.",
                         "put it into a file of mode 0600");
}

}  // namespace

Finding check_rights(Site& site) {
    if (!site.ndesd() && !site.crpd()) return not_to_be_had(site.crpd().error());
    Finding finding;
    const std::size_t secrets = judge_secrets(site, finding);
    judge_config_file(site.options().ndesd_config, finding);
    judge_config_file(site.options().crpd_config, finding);
    judge_config_file(site.module_config_file(), finding);
    judge_process("ndesd", site.ndesd_process(), site.is_lab(), finding);
    judge_process("crpd", site.crpd_process(), site.is_lab(), finding);
    finding.found(std::to_string(secrets) + " secret files are their owners' alone" +
                  (site.is_lab() ? "; a lab on loopback may run as any user" : ""));
    return finding;
}

}  // namespace ndes::crp::cli::doctor
