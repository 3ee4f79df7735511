#include "crp-service/cli/commands.h"

#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <sstream>
#include <string>
#include <string_view>

#include "common/logging/cmtrace.h"

namespace ndes::crp::cli {

namespace {

// What is being done, for the next step that is told.
std::string noun_in_use;
std::string verb_in_use;

bool is_noun(std::initializer_list<const char*> nouns) {
    return std::ranges::any_of(nouns, [](const char* noun) { return noun_in_use == noun; });
}

std::string help_of_command() {
    std::string command = "crpctl";
    for (const std::string& word : {noun_in_use, verb_in_use}) {
        if (!word.empty()) command += " " + word;
    }
    return command + " --help tells what is wanted";
}

std::string step_when_unreachable() {
    if (noun_in_use == "status") return "systemctl status crpd, where it runs; then its log";
    if (is_noun({"pending", "ca", "notify"}))
        return "systemctl status ndesd, where it runs; then its log";
    return "crpctl status tells whether crpd is well";
}

std::string step_when_configuration() {
    if (noun_in_use == "config")
        return "mend what the message names; crpctl config show tells what is in force";
    if (is_noun({"db", "audit", "caller"})) {
        return "crpctl config check tells all faults of a configuration";
    }
    return help_of_command();
}

std::string next_step(ErrorCode code) {
    const bool has_show =
        is_noun({"device", "user", "policy", "template", "challenge", "tx", "cert", "audit"});
    const bool has_list = has_show || is_noun({"state", "pending", "ca", "notify"});
    switch (code) {
        case ErrorCode::unavailable:
        case ErrorCode::timeout: return step_when_unreachable();
        case ErrorCode::forbidden: return "crpctl caller check, where crpd runs, tells why";
        case ErrorCode::not_found:
            if (has_list && verb_in_use != "list") {
                return "crpctl " + noun_in_use + " list shows what there is";
            }
            return help_of_command();
        case ErrorCode::precondition:
        case ErrorCode::conflict:
            if (has_show && verb_in_use != "show") {
                return "crpctl " + noun_in_use + " show tells what is recorded now";
            }
            if (has_list && verb_in_use != "list") {
                return "crpctl " + noun_in_use + " list shows what there is";
            }
            return "choose another name, or move away what is there";
        case ErrorCode::configuration: return step_when_configuration();
        case ErrorCode::storage:
            if (noun_in_use == "db" && verb_in_use == "check") {
                return "crpctl db restore brings back a backup";
            }
            return "crpctl db check tells whether the database is whole";
        case ErrorCode::bad_request:
        case ErrorCode::too_large: return help_of_command();
        case ErrorCode::internal: break;
    }
    return "see crpd's log";
}

}  // namespace

void note_command(int argc, const char* const* argv) {
    const auto word = [&](int at) {
        return at < argc && argv[at][0] != '-' ? std::string(argv[at]) : std::string();
    };
    noun_in_use = word(1);
    verb_in_use = is_noun({"status", "reasons", "version", "import-registry", "expiry",
                           "support-bundle", "doctor", "init"})
                      ? ""
                      : word(2);
}

Error with_next_step(Error error, const std::string& step) {
    error.detail = kNextStep + step;
    return error;
}

Error local_fault(Error error) {
    if (error.code != ErrorCode::conflict) error.code = ErrorCode::configuration;
    return error;
}

// The text may repeat what another machine said. Of a configuration there may be several faults, a
// line each.
int report(const Error& error) {
    std::string text = error.text;
    std::string more;
    const std::size_t line_end = text.find('\n');
    if (error.code == ErrorCode::configuration && line_end != std::string::npos) {
        more = text.substr(line_end + 1);
        text.resize(line_end);
    }
    std::fprintf(stderr, "error: %s\n", loggable(text, 4096).c_str());
    std::istringstream lines(more);
    while (std::getline(lines, text))
        std::fprintf(stderr, "  %s\n", loggable(text, 4096).c_str());
    const bool has_step = error.detail.starts_with(kNextStep);
    if (!error.detail.empty() && !has_step) {
        std::fprintf(stderr, "  cause: %s\n", loggable(error.detail, 4096).c_str());
    }
    const std::string step =
        has_step ? error.detail.substr(std::string_view(kNextStep).size()) : next_step(error.code);
    std::fprintf(stderr, "  next: %s\n", loggable(step, 4096).c_str());
    return exit_code_for(error.code);
}

int report_usage(const std::string& text, const std::string& next) {
    std::fprintf(stderr, "error: %s\n  next: %s\n", text.c_str(), next.c_str());
    return kExitUsage;
}

int report_target(const Error& error) {
    if (error.code != ErrorCode::bad_request) return report(error);
    return report_usage(error.text, error.detail);
}

int with_client(RestTarget& target, const std::function<Result<void>(RestClient&)>& work) {
    if (auto known = complete(target); !known) return report_target(known.error());
    auto client = RestClient::open(target);
    if (!client) return report(client.error());
    const Result<void> done = work(*client);
    return done ? kExitOk : report(done.error());
}

void add_commands(CLI::App& app, int& exit_code) {
    add_init_command(app, exit_code);
    add_challenge_commands(app, exit_code);
    add_transaction_commands(app, exit_code);
    add_record_commands(app, exit_code);
    add_certificate_commands(app, exit_code);
    add_state_commands(app, exit_code);
    add_audit_commands(app, exit_code);
    add_keys_commands(app, exit_code);
    add_plugin_commands(app, exit_code);
    add_policy_commands(app, exit_code);
    add_db_commands(app, exit_code);
    add_caller_commands(app, exit_code);
    add_reasons_command(app, exit_code);
    add_config_commands(app, exit_code);
    add_pending_commands(app, exit_code);
    add_notify_commands(app, exit_code);
    add_ra_commands(app, exit_code);
    add_tls_commands(app, exit_code);
    add_ca_commands(app, exit_code);
    add_expiry_command(app, exit_code);
    add_import_registry_command(app, exit_code);
    add_status_command(app, exit_code);
    add_support_bundle_command(app, exit_code);
    add_doctor_command(app, exit_code);
    add_completion_command(app, exit_code);
}

}  // namespace ndes::crp::cli
