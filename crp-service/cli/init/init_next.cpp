#include "crp-service/cli/init/init_next.h"

#include "crp-service/cli/init/init_checks.h"
#include "crp-service/cli/init/init_programs.h"

namespace ndes::crp::cli {

namespace {

std::string shell_word(const std::string& text) {
    if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-./:=@,+%") == std::string::npos) {
        return text;
    }
    std::string quoted = "'";
    for (const char c : text)
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

// By its name alone where the shell finds it.
std::string command_of(const std::string& program) {
    const std::string file = program_file(program);
    return file.starts_with("/usr/") ? program : shell_word(file);
}

std::string crpctl_command(const InitLayout& layout) {
    const std::string config = layout.client_config.string();
    return (config == "/etc/ndes-crp/crpctl.toml" ? ""
                                                  : "CRPCTL_CONFIG=" + shell_word(config) + " ") +
           command_of("crpctl");
}

std::string by_hand(const char* program, const std::string& user,
                    const std::filesystem::path& config) {
    const std::string as =
        user.empty() ? "" : "setpriv --reuid=" + user + " --regid=" + user + " --init-groups ";
    return as + command_of(program) + " --config " + shell_word(config.string()) + " >/dev/null &";
}

std::string start_command(const InitAnswers& answers, const InitLayout& layout) {
    const std::string programs = answers.is("role", "all") ? "crpd ndesd"
                                 : answers.with_crp()      ? "crpd"
                                                           : "ndesd";
    // The CA of the mutual TLS is made where crpd is.
    const bool renews = answers.with_crp() && answers.is("pki", "own");
    if (answers.by_systemd())
        return "systemctl enable --now " + programs + (renews ? " ndes-tls-renew.timer" : "");
    std::string line;
    if (answers.with_crp()) {
        line = by_hand("crpd", answers.get("crpd_user"), layout.crpd_config) + " until " +
               crpctl_command(layout) + " status >/dev/null 2>&1; do sleep 1; done";
    }
    if (answers.with_scep()) {
        line += (line.empty() ? "" : "; ") +
                by_hand("ndesd", answers.get("ndesd_user"), layout.ndesd_config);
    }
    return line;
}

std::string challenge_command(const InitAnswers& answers, const InitLayout& layout) {
    const auto or_word = [&](const char* key, const char* word) {
        return answers.get(key).empty() || answers.is(key, "none") ? std::string(word)
                                                                   : answers.get(key);
    };
    return "challenge=$(" + crpctl_command(layout) + " challenge new --device " +
           or_word("device", "DEVICE") + " --policy " + or_word("policy", "POLICY") +
           " | sed -n 's/^challenge  *//p')";
}

std::string device_subject(const InitAnswers& answers) {
    constexpr std::string_view kVariable = "{{DeviceName}}";
    std::string subject = answers.get("policy_subject");
    if (subject.empty()) return "CN=DEVICE";
    for (std::size_t at = subject.find(kVariable); at != std::string::npos;
         at = subject.find(kVariable)) {
        subject.replace(at, kVariable.size(), answers.get("device"));
    }
    // pki writes names in the order in which they stand in a certificate: RFC 4514's from its end.
    std::string reversed;
    for (std::size_t end = subject.size(); end > 0;) {
        std::size_t comma = subject.rfind(',', end - 1);
        while (comma != std::string::npos && comma > 0 && subject[comma - 1] == '\\')
            comma = subject.rfind(',', comma - 1);
        const std::size_t from = comma == std::string::npos ? 0 : comma + 1;
        reversed += (reversed.empty() ? "" : ",") + subject.substr(from, end - from);
        end = comma == std::string::npos ? 0 : comma;
    }
    return reversed;
}

std::string enrol_command(const InitAnswers& answers, const InitLayout& layout) {
    const std::string device =
        answers.get("device").empty() ? std::string("device") : answers.get("device");
    const auto file = [&](const char* name) { return shell_word((layout.ra / name).string()); };
    return "pki --gen --type rsa --size 2048 --outform pem >" + device +
           ".key && pki --scep --url " + shell_word(local_scep_url(answers)) + " --in " + device +
           ".key --dn " + shell_word(device_subject(answers)) +
           " --password \"$challenge\" --cacert-enc " + file("encryption.pem") + " --cacert-sig " +
           file("signing.pem") + " --cacert " + shell_word((layout.ndesd / "ca/ca.pem").string()) +
           " --outform pem >" + device + ".pem";
}

}  // namespace

std::string next_commands(const InitAnswers& answers, const InitLayout& layout) {
    std::string text;
    if (answers.is("store", "postgresql") && answers.get("store_owner").empty()) {
        text += "# the database, with its owner's libpq keywords\n" + command_of("crpctl") +
                " db create --config " + shell_word(layout.crpd_config.string()) +
                " --owner OWNER\n";
    }
    text += "# start\n" + start_command(answers, layout) + "\n";
    if (!answers.with_scep()) {
        text += answers.own_pki()
                    ? "# ndesd's host gets " + layout.for_ndesd.string() +
                          "; there, in that folder\ncrpctl init --answers answers.toml\n"
                    : "# on ndesd's host\ncrpctl init --role scep\n";
    }
    text += std::string("# a challenge") +
            (answers.with_crp() ? "\n" : ", for a device and a policy that crpd has\n") +
            challenge_command(answers, layout) + "\n";
    if (answers.with_scep()) {
        if (local_scep_url(answers) != scep_url(answers))
            text += "# devices come by " + scep_url(answers) +
                    ": have a proxy there forward it to " + answers.get("scep_listen") +
                    "\n# (nginx: ndesd(8)); the next command goes to ndesd itself\n";
        text += "# enrol, with strongSwan's pki\n" + enrol_command(answers, layout) + "\n";
    }
    return text;
}

}  // namespace ndes::crp::cli
