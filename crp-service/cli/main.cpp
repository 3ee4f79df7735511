// crpctl: the operator's one command line. Noun, then verb; see commands.h.
#include <cstdio>
#include <exception>

#include "crp-service/cli/commands.h"

int main(int argc, char** argv) {
    using namespace ndes::crp;
    CLI::App app("crpctl: operates the certificate registration point", "crpctl");
    app.set_version_flag("--version", "crpctl " NDES_VERSION);
    app.footer("Exit codes: 0 ok, 1 failed, 2 usage, 3 cannot reach, 4 refused. See crpctl(1).");
    app.require_subcommand(1);
    int exit_code = kExitOk;
    cli::note_command(argc, argv);
    try {
        cli::add_commands(app, exit_code);
        CLI::App* version = app.add_subcommand("version", "print the version");
        version->callback([] { std::puts("crpctl " NDES_VERSION); });
        app.parse(argc, argv);
    } catch (const CLI::ParseError& fault) {
        return app.exit(fault) == 0 ? kExitOk : kExitUsage;  // --help and --version end here, too
    } catch (const std::exception& fault) {
        std::fprintf(stderr, "error: %s\n", fault.what());
        return kExitFailed;
    }
    return exit_code;
}
