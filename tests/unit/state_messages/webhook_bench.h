// A webhook sink towards a receiver on loopback.
#pragma once

#include "crp-service/state_messages/webhook_sink.h"
#include "tests/unit/http_server/test_server.h"
#include "tests/unit/state_messages/message_samples.h"

namespace ndes::test {

inline const std::string kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct WebhookBench {
    TemporaryFolder folder;
    crp::WebhookOptions options;

    explicit WebhookBench(std::uint16_t port) {
        options.name = "mdm";
        options.url =
            http::parse_url("https://127.0.0.1:" + std::to_string(port) + "/hook").value();
        options.server_ca = tls_fixture().ca.certificate_file();
        options.client_certificate = tls_fixture().client.certificate_file;
        options.client_key = tls_fixture().client.key_file;
        options.secret_files = {secret_file("one.key", kSecret)};
        options.deadline = std::chrono::seconds(5);
    }
    std::filesystem::path secret_file(const std::string& name, const std::string& text) {
        const auto path = folder.path() / name;
        write_text_file(path, text);
        std::filesystem::permissions(path, std::filesystem::perms(0600));
        return path;
    }
    std::shared_ptr<const crp::WebhookMaterial> material() const {
        return crp::load_webhook_material(options).value();
    }
};

}  // namespace ndes::test
