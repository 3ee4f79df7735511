// crpctl: the operator's one command line. Noun, then verb; see commands.h.
#include <cstdio>
#include <exception>

#include "crp-service/cli/commands.h"

namespace ndes::crp::cli {

int report(const Error& error) {
    std::fprintf(stderr, "error: %s\n", error.text.c_str());
    if (!error.detail.empty()) std::fprintf(stderr, "  cause: %s\n", error.detail.c_str());
    return exit_code_for(error.code);
}

}  // namespace ndes::crp::cli

int main(int argc, char** argv) {
    using namespace ndes::crp;
    CLI::App app("crpctl: operates the certificate registration point", "crpctl");
    app.set_version_flag("--version", "crpctl " NDES_VERSION);
    app.footer("Exit codes: 0 ok, 1 failed, 2 usage, 3 cannot reach, 4 refused.");
    app.require_subcommand(1);
    int exit_code = kExitOk;
    try {
        cli::add_db_commands(app, exit_code);
        cli::add_keys_commands(app, exit_code);
        cli::add_caller_commands(app, exit_code);
        cli::add_reasons_command(app, exit_code);
        cli::add_config_commands(app, exit_code);
        cli::add_transaction_commands(app, exit_code);
        cli::add_challenge_commands(app, exit_code);
        cli::add_pending_commands(app, exit_code);
        cli::add_import_registry_command(app, exit_code);
        app.parse(argc, argv);
    } catch (const CLI::ParseError& fault) {
        return app.exit(fault) == 0 ? kExitOk : kExitUsage;  // --help and --version end here, too
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "error: %s\n", fault.what());
        return kExitFailed;
    }
    return exit_code;
}
