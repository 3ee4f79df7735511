#include "crp-service/state_messages/sinks_config.h"

#include <algorithm>
#include <set>

namespace ndes::crp {

namespace {

using namespace std::chrono_literals;

void read_inbox_seal(ConfigTable& table, SinkOptions& sinks) {
    sinks.inbox_seal.signing_certificate = table.path("inbox_signing_certificate_file");
    sinks.inbox_seal.signing_key = table.path("inbox_signing_key_file");
    sinks.inbox_seal.recipients = table.path("inbox_recipients_file");
    const SealFiles& seal = sinks.inbox_seal;
    if (seal.signing_certificate.empty() != seal.signing_key.empty() ||
        seal.signing_key.empty() != seal.recipients.empty()) {
        table.fault("inbox_signing_certificate_file",
                    "inbox_signing_certificate_file, inbox_signing_key_file and "
                    "inbox_recipients_file must be given together");
    }
    if (!seal.empty() && sinks.inbox.empty()) table.fault("inbox", "must name the folder");
}

bool is_sink_name(const std::string& name) {
    return name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
           });
}

void read_webhook_trust(ConfigTable& table, WebhookOptions& webhook) {
    webhook.server_ca = table.path("server_ca_file");
    webhook.client_certificate = table.path("client_certificate_file");
    webhook.client_key = table.path("client_key_file");
    const bool allow_http = table.boolean("allow_http", false);
    if (webhook.url.https && webhook.server_ca.empty()) {
        table.fault("server_ca_file", "is needed: no certificate of the system's is trusted");
    }
    if (!webhook.url.https && !allow_http && !webhook.url.is_loopback()) {
        table.fault("url", "http:// is for loopback alone, or with allow_http = true");
    }
    if (webhook.client_certificate.empty() != webhook.client_key.empty()) {
        table.fault("client_certificate_file",
                    "client_certificate_file and client_key_file must be given together");
    }
}

WebhookOptions read_webhook(ConfigTable& table, const std::filesystem::path& folder) {
    WebhookOptions webhook;
    webhook.name = table.required_text("name");
    if (!is_sink_name(webhook.name) || webhook.name == kInboxName) {
        table.fault("name", "must be 1 to 32 of a-z, 0-9 and \"-\", and not \"inbox\"");
    }
    if (const std::string text = table.required_text("url"); !text.empty()) {
        auto url = http::parse_url(text);
        if (url) {
            webhook.url = std::move(*url);
        } else {
            table.fault("url", url.error().text);
        }
    }
    for (const std::string& name : table.text_list("secret_files"))
        webhook.secret_files.push_back(folder / name);
    if (webhook.secret_files.empty() || webhook.secret_files.size() > 2) {
        table.fault("secret_files", "must name one file, or two during a rotation");
    }
    read_webhook_trust(table, webhook);
    webhook.source = table.text("source", webhook.source);
    if (webhook.source.empty()) table.fault("source", "must not be empty");
    webhook.deadline = table.duration("deadline", 10s, 100ms, 30s);
    webhook.connections = static_cast<std::size_t>(table.integer("connections", 8, 1, 64));
    return webhook;
}

}  // namespace

SinkOptions read_sinks(ConfigTable table, const std::filesystem::path& folder) {
    SinkOptions sinks;
    sinks.inbox = table.path("inbox");
    read_inbox_seal(table, sinks);
    std::set<std::string> names;
    for (ConfigTable& webhook : table.tables("webhook")) {
        sinks.webhooks.push_back(read_webhook(webhook, folder));
        if (!names.insert(sinks.webhooks.back().name).second) {
            webhook.fault("name", "is used by another webhook");
        }
    }
    DispatcherOptions& dispatch = sinks.dispatch;
    dispatch.poll_interval = table.duration("poll_interval", 1s, 10ms, 1min);
    dispatch.retry_least = table.duration("retry_least", 5s, 10ms, 1h);
    dispatch.retry_most = table.duration("retry_most", 1h, 10ms, 24h);
    if (dispatch.retry_most < dispatch.retry_least) {
        table.fault("retry_most", "must not be less than retry_least");
    }
    dispatch.pause_most =
        std::min<std::chrono::milliseconds>(dispatch.retry_most, dispatch.pause_most);
    dispatch.give_up_after = table.duration("give_up_after", 7 * 24h, 1s, 365 * 24h);
    dispatch.give_up_attempts = static_cast<int>(table.integer("give_up_attempts", 0, 0, 1000));
    return sinks;
}

}  // namespace ndes::crp
