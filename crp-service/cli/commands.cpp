#include "crp-service/cli/commands.h"

#include <cstdio>

#include "common/logging/cmtrace.h"

namespace ndes::crp::cli {

namespace {

const char* next_step(ErrorCode code) {
    switch (code) {
        case ErrorCode::unavailable:
        case ErrorCode::timeout: return "crpctl status --health-url http://HOST:PORT";
        case ErrorCode::forbidden:
            return "crpctl caller check CERTIFICATE --config crpd.toml, where crpd runs";
        case ErrorCode::not_found: return "crpctl NOUN list shows what there is";
        case ErrorCode::precondition:
        case ErrorCode::conflict: return "crpctl NOUN show tells the present state";
        case ErrorCode::configuration: return "crpctl config check --config crpd.toml";
        case ErrorCode::storage: return "crpctl db check --config crpd.toml";
        case ErrorCode::bad_request:
        case ErrorCode::too_large: return "crpctl NOUN VERB --help";
        case ErrorCode::internal: return "see crpd's log";
    }
    return "see crpd's log";
}

}  // namespace

// The text may repeat what another machine said.
int report(const Error& error) {
    std::fprintf(stderr, "error: %s\n", loggable(error.text, 4096).c_str());
    if (!error.detail.empty()) {
        std::fprintf(stderr, "  cause: %s\n", loggable(error.detail, 4096).c_str());
    }
    std::fprintf(stderr, "  next: %s\n", next_step(error.code));
    return exit_code_for(error.code);
}

int report_usage(const std::string& text, const std::string& next) {
    std::fprintf(stderr, "error: %s\n  next: %s\n", text.c_str(), next.c_str());
    return kExitUsage;
}

int with_client(RestTarget& target, const std::function<Result<void>(RestClient&)>& work) {
    if (auto known = complete(target); !known) {
        if (known.error().code != ErrorCode::bad_request) return report(known.error());
        return report_usage(known.error().text, known.error().detail);
    }
    auto client = RestClient::open(target);
    if (!client) return report(client.error());
    const Result<void> done = work(*client);
    return done ? kExitOk : report(done.error());
}

void add_commands(CLI::App& app, int& exit_code) {
    add_challenge_commands(app, exit_code);
    add_transaction_commands(app, exit_code);
    add_record_commands(app, exit_code);
    add_certificate_commands(app, exit_code);
    add_state_commands(app, exit_code);
    add_audit_commands(app, exit_code);
    add_keys_commands(app, exit_code);
    add_policy_commands(app, exit_code);
    add_db_commands(app, exit_code);
    add_caller_commands(app, exit_code);
    add_reasons_command(app, exit_code);
    add_config_commands(app, exit_code);
    add_pending_commands(app, exit_code);
    add_ra_commands(app, exit_code);
    add_ca_commands(app, exit_code);
    add_import_registry_command(app, exit_code);
    add_status_command(app, exit_code);
    add_completion_command(app, exit_code);
}

}  // namespace ndes::crp::cli
