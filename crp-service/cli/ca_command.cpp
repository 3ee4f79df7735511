// crpctl ca list|revoke|crl: what ndesd's own CA (issuer.kind = "local") issued and revoked, by its
// admin listener.
#include <cstdio>
#include <memory>
#include <string>

#include "common/http_server/url.h"
#include "common/strict_json.h"
#include "crp-service/cli/collection.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/output.h"
#include "crp-service/cli/rest_client.h"

namespace ndes::crp::cli {

namespace {

constexpr const char* kIssued = "/api/v1/issued";

int list_issued(RestTarget& target, const Output& output) {
    return with_client(target, [&](RestClient& client) -> Result<void> {
        ListPrinter printer(output, {{"SERIAL", "serial"},
                                     {"STATE", "state"},
                                     {"SUBJECT", "subject"},
                                     {"INTENDED", "intendedAt"},
                                     {"NOT AFTER", "notAfter"},
                                     {"REVOKED", "revokedAt"},
                                     {"REASON", "reason"}});
        auto done = for_each_item(client, kIssued, "", 0, [&](const Json& item) {
            printer.add(item);
            return true;
        });
        if (!done) return done;
        printer.finish();
        return {};
    });
}

int revoke(RestTarget& target, const std::string& serial, const std::string& reason) {
    return with_client(target, [&](RestClient& client) -> Result<void> {
        auto answer = client.call("POST", item_path(kIssued, serial) + "/revoke",
                                  Json({{"reason", reason}}).dump());
        if (!answer) return pass_on(answer);
        const auto json = parse_json(*answer, answer->size());
        if (!json || !json->is_object() || !json->contains("crlNumber"))
            return fail(ErrorCode::internal, "ndesd's answer is not understood");
        std::printf("%s %s %s, CRL %s\n", cell_text(json->value("serial", Json())).c_str(),
                    cell_text(json->value("state", Json())).c_str(),
                    cell_text(json->value("reason", Json())).c_str(),
                    cell_text(json->at("crlNumber")).c_str());
        if (!json->at("crlNumber").is_null()) return {};
        return fail(ErrorCode::internal, "it is recorded, but no CRL says so yet",
                    "ndesd could not make the CRL and tries again each minute; see its log");
    });
}

int print_crl(RestTarget& target, const std::string& profile) {
    return with_client(target, [&](RestClient& client) -> Result<void> {
        auto pem = client.call("GET", "/api/v1/crl?profile=" + http::percent_encode(profile));
        if (!pem) return pass_on(pem);
        std::fputs(pem->c_str(), stdout);
        return {};
    });
}

}  // namespace

void add_ca_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("ca", "certificates of ndesd's own CA");
    noun->require_subcommand(1);

    CLI::App* verb = noun->add_subcommand("list", "its serial numbers, oldest first");
    auto target = add_rest_options(*verb, kNdesdAdmin);
    const auto output = add_output_options(*verb, true);
    verb->callback([=, &exit_code] { exit_code = list_issued(*target, *output); });

    verb = noun->add_subcommand("revoke", "revoke a certificate; a new CRL is made at once");
    target = add_rest_options(*verb, kNdesdAdmin);
    const auto serial = std::make_shared<std::string>();
    const auto reason = std::make_shared<std::string>("unspecified");
    verb->add_option("SERIAL", *serial, "hex, as openssl x509 -serial shows it")->required();
    verb->add_option("--reason", *reason, "a word of RFC 5280, e.g. keyCompromise")
        ->capture_default_str();
    verb->callback([=, &exit_code] { exit_code = revoke(*target, *serial, *reason); });

    verb = noun->add_subcommand("crl", "print the CRL in force, PEM");
    target = add_rest_options(*verb, kNdesdAdmin);
    const auto profile = std::make_shared<std::string>();
    verb->add_option("--profile", *profile, "of which SCEP URL's CA; the first's without");
    verb->callback([=, &exit_code] { exit_code = print_crl(*target, *profile); });
}

}  // namespace ndes::crp::cli
