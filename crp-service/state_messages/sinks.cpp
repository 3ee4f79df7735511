#include "crp-service/state_messages/sinks.h"

#include <utility>

namespace ndes::crp {

std::vector<std::string> SinkOptions::names() const {
    std::vector<std::string> names;
    if (!inbox.empty()) names.emplace_back(kInboxName);
    for (const WebhookOptions& webhook : webhooks)
        names.push_back(webhook.name);
    return names;
}

Result<SinkMaterial> load_sink_material(const SinkOptions& options, WallTime now) {
    SinkMaterial material;
    if (!options.inbox_seal.empty()) {
        auto sealer = SmxSealer::load(options.inbox_seal, now);
        if (!sealer) return pass_on(sealer);
        material.sealer = std::move(*sealer);
    }
    for (const WebhookOptions& webhook : options.webhooks) {
        auto loaded = load_webhook_material(webhook);
        if (!loaded) return pass_on(loaded);
        material.webhooks[webhook.name] = std::move(*loaded);
    }
    return material;
}

Sinks::Sinks(const SinkOptions& options, const SinkMaterial& material, Store& store,
             const Clock& clock, Random& random, Log& log)
    : sealer_(material.sealer) {
    if (!options.inbox.empty()) {
        inbox_ = std::make_unique<InboxSink>(options.inbox, material.sealer, clock, log);
        add(std::string(kInboxName), options, {store, *inbox_, clock, random, log});
    }
    for (const WebhookOptions& webhook : options.webhooks) {
        auto& sink = webhooks_[webhook.name];
        sink = std::make_unique<WebhookSink>(webhook, material.webhooks.at(webhook.name), clock);
        add(webhook.name, options, {store, *sink, clock, random, log});
    }
    for (const auto& dispatcher : dispatchers_)
        dispatcher->start();
}

void Sinks::add(std::string name, const SinkOptions& options, const Dispatcher::Parts& parts) {
    dispatchers_.push_back(
        std::make_unique<Dispatcher>(parts, std::move(name), options.node, options.dispatch));
}

void Sinks::replace(const SinkMaterial& material) {
    if (inbox_ && material.sealer) {
        inbox_->replace(material.sealer);
        const std::lock_guard guard(mutex_);
        sealer_ = material.sealer;
    }
    for (const auto& [name, webhook] : material.webhooks) {
        const auto found = webhooks_.find(name);
        if (found != webhooks_.end()) found->second->replace(webhook);
    }
}

std::vector<SinkState> Sinks::states() const {
    std::vector<SinkState> states;
    for (const auto& dispatcher : dispatchers_)
        states.push_back({dispatcher->name(), dispatcher->counters()});
    return states;
}

std::shared_ptr<const SmxSealer> Sinks::sealer() const {
    const std::lock_guard guard(mutex_);
    return sealer_;
}

}  // namespace ndes::crp
