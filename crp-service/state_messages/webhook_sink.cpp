#include "crp-service/state_messages/webhook_sink.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <thread>
#include <utility>

#include "common/tls/tls_context.h"
#include "crp-service/state_messages/cloud_event.h"
#include "crp-service/state_messages/webhook_signature.h"

namespace ndes::crp {
namespace {

// A batch is cut off here, so that it ends, with the last call's deadline, within the time that
// the dispatcher's lease covers.
constexpr std::chrono::seconds kRoundLimit{15};
constexpr std::chrono::seconds kLongestRetryAfter{3600};

bool means_down(int status) {
    return status == 429 || status == 502 || status == 503 || status == 504;
}

// Whole seconds (RFC 9110 section 10.2.3); a date is not worth its parser: our own back-off stands.
std::optional<std::chrono::seconds> retry_after_of(const http::ClientResponse& response) {
    const std::string_view text = response.header("retry-after");
    std::uint32_t seconds = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, fault] = std::from_chars(text.data(), end, seconds);
    if (text.empty() || fault != std::errc() || rest != end) return std::nullopt;
    return std::min<std::chrono::seconds>(std::chrono::seconds(seconds), kLongestRetryAfter);
}

Result<void> judge(const http::ClientResponse& response) {
    if (response.status >= 200 && response.status < 300) return {};
    const ErrorCode code = response.status == 410        ? ErrorCode::not_found
                           : means_down(response.status) ? ErrorCode::unavailable
                                                         : ErrorCode::internal;
    return Failure(Error{code,
                         "the receiver answered " + std::to_string(response.status),
                         {},
                         retry_after_of(response)});
}

}  // namespace

Result<std::shared_ptr<const WebhookMaterial>> load_webhook_material(
    const WebhookOptions& options) {
    auto material = std::make_shared<WebhookMaterial>();
    for (const auto& file : options.secret_files) {
        auto secret = read_webhook_secret(file);
        if (!secret) return pass_on(secret, "webhook " + options.name);
        material->secrets.push_back(std::move(*secret));
    }
    if (options.url.https) {
        auto tls = build_client_context(
            {options.client_certificate, options.client_key, options.server_ca});
        if (!tls) return pass_on(tls, "webhook " + options.name);
        material->tls = std::move(*tls);
    }
    return std::shared_ptr<const WebhookMaterial>(std::move(material));
}

// One batch under way: threads take message after message, in order, until one finds the receiver
// down or the time is over. What was taken is a head of the batch, so its results are, too.
class WebhookSink::Round {
  public:
    Round(const WebhookSink& sink, std::span<const StateMessage> messages)
        : sink_(sink),
          messages_(messages),
          results_(messages.size()),
          end_(sink.clock_.steady_now() + kRoundLimit) {}

    void work(http::HttpClient& client) {
        while (!down_ && sink_.clock_.steady_now() < end_) {
            const std::size_t at = taken_++;
            if (at >= messages_.size()) return;
            results_[at] = sink_.post(client, messages_[at]);
            if (!results_[at] && is_retryable(results_[at].error().code)) down_ = true;
        }
    }
    std::vector<Result<void>> results() && {
        results_.resize(std::min(taken_.load(), messages_.size()));
        return std::move(results_);
    }

  private:
    const WebhookSink& sink_;
    const std::span<const StateMessage> messages_;
    std::vector<Result<void>> results_;  // each written by the thread that took its message
    const SteadyTime end_;
    std::atomic<std::size_t> taken_{0};
    std::atomic<bool> down_{false};
};

WebhookSink::WebhookSink(WebhookOptions options, std::shared_ptr<const WebhookMaterial> material,
                         const Clock& clock)
    : options_(std::move(options)), clock_(clock), next_(std::move(material)) {}

WebhookSink::~WebhookSink() = default;

void WebhookSink::replace(std::shared_ptr<const WebhookMaterial> material) {
    const std::lock_guard guard(mutex_);
    next_ = std::move(material);
}

// New material means new connections: an old one was made under the old trust list.
void WebhookSink::use_current_material() {
    std::shared_ptr<const WebhookMaterial> current;
    {
        const std::lock_guard guard(mutex_);
        current = next_;
    }
    if (current == material_) return;
    material_ = std::move(current);
    clients_.clear();
    for (std::size_t i = 0; i < options_.connections; ++i) {
        http::ClientOptions client;
        client.url = options_.url;
        client.tls = material_->tls;
        client.deadline = options_.deadline;
        clients_.push_back(std::make_unique<http::HttpClient>(std::move(client)));
    }
}

std::vector<Result<void>> WebhookSink::deliver(std::span<const StateMessage> messages) {
    use_current_material();
    Round round(*this, messages);
    {
        std::vector<std::jthread> helpers;
        const std::size_t count = std::min(clients_.size(), messages.size());
        for (std::size_t i = 1; i < count; ++i) {
            helpers.emplace_back([&round, &client = *clients_[i]] { round.work(client); });
        }
        round.work(*clients_.front());
    }
    return std::move(round).results();
}

Result<void> WebhookSink::post(http::HttpClient& client, const StateMessage& message) const {
    const std::string body = to_cloud_event(message, options_.source);
    const std::string timestamp = std::to_string(
        std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count());
    const http::ClientHeaders headers = {
        {"Content-Type", std::string(kCloudEventMediaType)},
        {"User-Agent", "NDES-CRP"},
        {"webhook-id", message.id},
        {"webhook-timestamp", timestamp},
        {"webhook-signature", sign_webhook(material_->secrets, message.id, timestamp, body)}};
    auto response = client.post(headers, body);
    if (!response) return pass_on(response);
    return judge(*response);
}

}  // namespace ndes::crp
