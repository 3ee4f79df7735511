// WebhookSink: posts each message as a CloudEvent, signed as Standard Webhooks has it, to one
// receiver over HTTPS. Several at once, each of another transaction.
// deliver(): one thread, see sink.h. replace(): any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/crypto/openssl_ptr.h"
#include "common/http_client/http_client.h"
#include "common/secret.h"
#include "crp-service/state_messages/sink.h"

namespace ndes::crp {

struct WebhookOptions {
    std::string name;                                 // of the sink
    http::Url url;                                    // http: to loopback or with allow_http
    std::vector<std::filesystem::path> secret_files;  // 1, or 2 during a rotation
    std::filesystem::path server_ca;                  // PEM; the only trust anchors
    std::filesystem::path client_certificate;         // PEM; empty: none presented
    std::filesystem::path client_key;
    std::string source = "urn:ndes-crp";         // CloudEvents source, a URI
    std::chrono::milliseconds deadline{10'000};  // of one call
    std::size_t connections = 8;                 // calls at once, 1..64
};

// What its files hold; replaced as a whole by a reload.
struct WebhookMaterial {
    std::shared_ptr<SSL_CTX> tls;  // null for http
    std::vector<Secret> secrets;
};
Result<std::shared_ptr<const WebhookMaterial>> load_webhook_material(const WebhookOptions& options);

class WebhookSink final : public StateMessageSink {
  public:
    // The clock outlives the sink.
    WebhookSink(WebhookOptions options, std::shared_ptr<const WebhookMaterial> material,
                const Clock& clock);
    ~WebhookSink() override;

    // Deliveries that begin from now on use `material`.
    void replace(std::shared_ptr<const WebhookMaterial> material);

    // 2xx: delivered. 410: not_found. 429, 502, 503, 504 and every fault of the connection: the
    // receiver is down. All else (a redirect, too, which is never followed): internal, tried again.
    std::vector<Result<void>> deliver(std::span<const StateMessage> messages) override;

  private:
    class Round;
    Result<void> post(http::HttpClient& client, const StateMessage& message) const;
    void use_current_material();

    const WebhookOptions options_;
    const Clock& clock_;

    std::mutex mutex_;  // guards next_, for one copy
    std::shared_ptr<const WebhookMaterial> next_;

    // The delivering thread's and, each client, one of its helpers'.
    std::shared_ptr<const WebhookMaterial> material_;
    std::vector<std::unique_ptr<http::HttpClient>> clients_;
};

}  // namespace ndes::crp
