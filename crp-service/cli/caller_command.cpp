// crpctl caller: who may call crpd, as its configuration says.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "common/clock.h"
#include "common/crypto/certificate.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/crpd_settings.h"
#include "crp-service/cli/output.h"
#include "crp-service/config.h"
#include "crp-service/http/peer_identity.h"

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
    if (!certificates) return report(local_fault(certificates.error()));
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

// What crpd itself would say to a client that presents this file, at this moment.
int check_caller(const path& file, const path& config_file, const Output& output) {
    auto certificates = load_certificates(file);
    if (!certificates) return report(local_fault(certificates.error()));
    auto config = read_crpd_settings(config_file);
    if (!config) return report(config.error());
    auto tls = build_server_context(config->tls_files);
    if (!tls) return report(local_fault(tls.error()));
    const LiveParts parts{CallerList(config->callers), nullptr, nullptr, nullptr,
                          std::make_unique<const ClientVerifier>(*tls, system_clock())};
    http::Peer peer;
    peer.certificate = std::make_shared<const Certificate>(certificates->front());
    peer.certificate_chain = std::make_shared<const std::vector<Certificate>>(*certificates);
    const auto caller = identify(peer, parts, system_clock().now());
    if (!caller) {
        const ProblemKind& kind = kind_of(caller.error().code);
        return report(with_next_step(
            {ErrorCode::forbidden,
             "crpd would refuse it: " + std::string(kind.reason) + ": " + caller.error().detail, "",
             std::nullopt},
            std::string(kind.hint)));
    }
    print_object(output, to_json(**caller));
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

    CLI::App* check =
        noun->add_subcommand("check", "which caller a certificate is, and whether crpd lets it in");
    check->add_option("CERTIFICATE", *file, "PEM; the first certificate counts, then its chain")
        ->required();
    const auto check_config = add_config_option(*check);
    const auto check_output = add_output_options(*check, false);
    check->callback(
        [=, &exit_code] { exit_code = check_caller(*file, *check_config, *check_output); });
}

}  // namespace ndes::crp::cli
