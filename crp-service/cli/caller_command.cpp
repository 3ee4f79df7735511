// crpctl caller: who may call crpd, as its configuration says.
#include <cstdio>
#include <filesystem>
#include <memory>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/output.h"
#include "crp-service/config.h"

namespace ndes::crp::cli {

namespace {

using std::filesystem::path;

Json roles_of(const CallerRule& caller) {
    Json roles = Json::array();
    for (const Role role : {Role::ndes, Role::mdm, Role::admin, Role::monitor}) {
        if (caller.roles.has(role)) roles.push_back(to_string(role));
    }
    return roles;
}

Json to_json(const CallerRule& caller) {
    return {{"name", caller.name},
            {"roles", roles_of(caller)},
            {"spkiSha256", caller.spki_sha256},
            {"issuer", caller.issuer ? Json(caller.issuer->to_text()) : Json(nullptr)},
            {"san", caller.san ? Json(caller.san->value) : Json(nullptr)},
            {"mayGenerateChallenges", caller.may_generate_challenges}};
}

int print_pin(const path& file) {
    auto certificates = load_certificates(file);
    if (!certificates) return report(certificates.error());
    std::printf("%s\n", certificates->front().spki_sha256().c_str());
    return kExitOk;
}

int list_callers(const path& config_file, const Output& output) {
    auto config = read_config(config_file);
    if (!config) return report(config.error());
    ListPrinter printer(output, {{"NAME", "name"},
                                 {"ROLES", "roles"},
                                 {"PINS", "spkiSha256"},
                                 {"ISSUER", "issuer"},
                                 {"SAN", "san"}});
    for (const CallerRule& caller : config->callers)
        printer.add(to_json(caller));
    printer.finish();
    return kExitOk;
}

// What crpd would say to this certificate, as far as its caller list goes.
int check_caller(const path& file, const path& config_file, const Output& output) {
    auto certificates = load_certificates(file);
    if (!certificates) return report(certificates.error());
    auto config = read_config(config_file);
    if (!config) return report(config.error());
    const Certificate& certificate = certificates->front();
    const CallerList callers(config->callers);
    const CallerRule* caller = callers.find(certificate);
    if (caller == nullptr) {
        return report({ErrorCode::forbidden,
                       "no [[caller]] of " + config_file.string() + " fits this certificate",
                       "its pin is " + certificate.spki_sha256(), std::nullopt});
    }
    if (const WallTime now = system_clock().now();
        now < certificate.not_before() || now >= certificate.not_after()) {
        return report({ErrorCode::forbidden, "the certificate is not valid today",
                       "valid from " + to_rfc3339(certificate.not_before()) + " to " +
                           to_rfc3339(certificate.not_after()),
                       std::nullopt});
    }
    print_object(output, to_json(*caller));
    return kExitOk;
}

std::shared_ptr<path> add_config_option(CLI::App& verb) {
    auto file = std::make_shared<path>();
    verb.add_option("--config", *file, "crpd's configuration file")->required();
    return file;
}

}  // namespace

void add_caller_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("caller", "programs that may call");
    noun->require_subcommand(1);

    CLI::App* pin =
        noun->add_subcommand("pin", "print the pin of a certificate (SHA-256 of its public key)");
    const auto file = std::make_shared<path>();
    pin->add_option("CERTIFICATE", *file, "PEM; the first certificate counts")->required();
    pin->callback([=, &exit_code] { exit_code = print_pin(*file); });

    CLI::App* list = noun->add_subcommand("list", "the callers of a configuration");
    const auto list_config = add_config_option(*list);
    const auto list_output = add_output_options(*list, true);
    list->callback([=, &exit_code] { exit_code = list_callers(*list_config, *list_output); });

    CLI::App* check = noun->add_subcommand("check", "which caller a certificate is, and its roles");
    check->add_option("CERTIFICATE", *file, "PEM; the first certificate counts")->required();
    const auto check_config = add_config_option(*check);
    const auto check_output = add_output_options(*check, false);
    check->callback(
        [=, &exit_code] { exit_code = check_caller(*file, *check_config, *check_output); });
}

}  // namespace ndes::crp::cli
