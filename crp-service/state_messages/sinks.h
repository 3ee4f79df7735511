// Sinks: every sink that is configured, each with a dispatcher and so a progress of its own: one
// that is down never holds up another. At work as long as they live.
// replace() and states(): any thread.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "crp-service/state_messages/dispatcher.h"
#include "crp-service/state_messages/inbox_sink.h"
#include "crp-service/state_messages/webhook_sink.h"

namespace ndes::crp {

inline constexpr std::string_view kInboxName = "inbox";  // no webhook may have it

struct SinkOptions {
    std::filesystem::path inbox;  // empty: no inbox
    SealFiles inbox_seal;         // empty: plain files
    std::vector<WebhookOptions> webhooks;
    DispatcherOptions dispatch;
    std::string node;  // of this process among those on one database

    std::vector<std::string> names() const;
};

// What the sinks' files hold.
struct SinkMaterial {
    std::shared_ptr<const SmxSealer> sealer;                                 // null: plain files
    std::map<std::string, std::shared_ptr<const WebhookMaterial>> webhooks;  // by name
};
// configuration, naming the file. Judges everything, so that nothing fails when put in force.
Result<SinkMaterial> load_sink_material(const SinkOptions& options, WallTime now);

struct SinkState {
    std::string name;
    DispatcherCounters counters;
};

class Sinks {
  public:
    // Starts the dispatchers. The references outlive the sinks.
    Sinks(const SinkOptions& options, const SinkMaterial& material, Store& store,
          const Clock& clock, Random& random, Log& log);

    // Puts changed certificates and secrets in force; sinks that `material` does not name keep
    // what they have.
    void replace(const SinkMaterial& material);
    std::vector<SinkState> states() const;
    // Null without an inbox that seals.
    std::shared_ptr<const SmxSealer> sealer() const;

  private:
    void add(std::string name, const SinkOptions& options, const Dispatcher::Parts& parts);

    mutable std::mutex mutex_;  // guards sealer_, for one copy
    std::shared_ptr<const SmxSealer> sealer_;
    std::unique_ptr<InboxSink> inbox_;
    std::map<std::string, std::unique_ptr<WebhookSink>> webhooks_;
    std::vector<std::unique_ptr<Dispatcher>> dispatchers_;  // last: end before their sinks
};

}  // namespace ndes::crp
