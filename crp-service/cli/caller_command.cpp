// crpctl caller pin: what stands in spki_sha256 of a [[caller]] table.
#include <cstdio>
#include <filesystem>
#include <memory>

#include "common/crypto/certificate.h"
#include "crp-service/cli/commands.h"

namespace ndes::crp::cli {

namespace {

int print_pin(const std::filesystem::path& path) {
    auto certificates = load_certificates(path);
    if (!certificates) return report(certificates.error());
    std::printf("%s\n", certificates->front().spki_sha256().c_str());
    return kExitOk;
}

}  // namespace

void add_caller_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("caller", "programs that may call");
    noun->require_subcommand(1);
    CLI::App* verb =
        noun->add_subcommand("pin", "print the pin of a certificate (SHA-256 of its public key)");
    const auto path = std::make_shared<std::filesystem::path>();
    verb->add_option("CERTIFICATE", *path, "PEM; the first certificate counts")->required();
    verb->callback([path, &exit_code] { exit_code = print_pin(*path); });
}

}  // namespace ndes::crp::cli
