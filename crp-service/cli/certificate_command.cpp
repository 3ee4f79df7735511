// crpctl cert: certificates that were issued.
#include <memory>
#include <string>

#include "common/http_server/url.h"
#include "crp-service/cli/collection.h"

namespace ndes::crp::cli {

namespace {

constexpr const char* kCertificatesPath = "/api/v1/certificates";

std::vector<Column> certificate_columns() {
    return {{"SERIAL", "serialNumber"}, {"SUBJECT", "subject"},    {"DEVICE", "deviceId"},
            {"USER", "userId"},         {"NOT AFTER", "notAfter"}, {"REVOKED", "revoked"},
            {"SHA-256", "sha256"}};
}

struct ExpiringOrder {
    std::string within = "30d";
    std::string device;
    WallTime now{};
    WallTime until{};
};

// Asks for what expires before the end of the span and leaves out what has expired already.
Result<void> list_expiring(RestClient& client, const ExpiringOrder& order, const Output& output) {
    std::string query = "&expiringBefore=" + to_rfc3339(order.until);
    if (!order.device.empty()) query += "&deviceId=" + http::percent_encode(order.device);
    ListPrinter printer(output, certificate_columns());
    auto done = for_each_item(client, kCertificatesPath, query, 0, [&](const Json& item) {
        const auto end = from_rfc3339(item.value("notAfter", ""));
        if (!item.value("revoked", false) && end && *end > order.now && *end <= order.until)
            printer.add(item);
        return true;
    });
    printer.finish();
    return done;
}

void add_expiring(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("expiring", "those that expire soon and are not revoked");
    const auto target = add_rest_options(*verb);
    const auto output = add_output_options(*verb, true);
    const auto order = std::make_shared<ExpiringOrder>();
    verb->add_option("--within", order->within, "span, e.g. 30d, or a time of RFC 3339")
        ->capture_default_str();
    verb->add_option("--device", order->device, "of this device");
    verb->callback([=, &exit_code] {
        order->now = system_clock().now();
        const auto until = time_argument(order->within, order->now, true);
        if (!until) {
            exit_code =
                report_usage("--within: " + until.error().text, "crpctl cert expiring --help");
            return;
        }
        order->until = *until;
        exit_code = with_client(
            *target, [&](RestClient& client) { return list_expiring(client, *order, *output); });
    });
}

void add_certificate_revoke(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand(
        "revoke", "record it as revoked: no renewal with it; the CA's list is the CA's");
    const auto target = add_rest_options(*verb);
    const auto yes = add_yes_option(*verb);
    const auto output = std::make_shared<Output>();
    const auto id = std::make_shared<std::string>();
    const auto reason = std::make_shared<std::string>("unspecified");
    verb->add_option("SHA256", *id, "of the certificate, as `cert list` shows it")->required();
    verb->add_option("--reason", *reason,
                     "unspecified, keyCompromise, affiliationChanged, superseded, "
                     "cessationOfOperation or privilegeWithdrawn")
        ->capture_default_str();
    verb->add_flag("--quiet", output->quiet, "errors only");
    verb->callback([=, &exit_code] {
        if (!confirmed(*yes, "revoking certificate " + *id)) {
            exit_code = kExitRefused;
            return;
        }
        exit_code = with_client(*target, [&](RestClient& client) -> Result<void> {
            const Json body = {{"reason", *reason}};
            auto answer =
                client.call("POST", item_path(kCertificatesPath, *id) + "/revoke", body.dump());
            if (!answer) return pass_on(answer);
            say(*output, "revoked " + *id);
            return {};
        });
    });
}

}  // namespace

void add_certificate_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("cert", "certificates issued");
    noun->require_subcommand(1);
    add_list_verb(*noun,
                  {"list",
                   "list them, newest first",
                   kCertificatesPath,
                   certificate_columns(),
                   {{"--device", "deviceId", "of this device"}}},
                  exit_code);
    add_show_verb(*noun, "show one", "SHA256", kCertificatesPath, exit_code);
    add_expiring(*noun, exit_code);
    add_certificate_revoke(*noun, exit_code);
}

}  // namespace ndes::crp::cli
