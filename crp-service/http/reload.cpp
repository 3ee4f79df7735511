#include "crp-service/http/reload.h"

#include "crp-service/http/material.h"

namespace ndes::crp {

Result<void> Reloader::put_in_force() {
    auto config = read_config(parts_.config_file);
    if (!config) return pass_on(config);
    auto material = load_material(*config, parts_.clock);
    if (!material) return pass_on(material);
    auto sinks = load_sink_material(config->state_messages, parts_.clock.now());
    if (!sinks) return pass_on(sinks);
    auto watched = load_watched_files(*config);
    if (!watched) return pass_on(watched);
    // Nothing fails from here on.
    parts_.current.replace(make_live_parts(*config, *material, parts_.store, parts_.clock,
                                           parts_.random, parts_.log, parts_.metrics));
    parts_.server.replace_tls(material->tls);
    parts_.self_check.watch(std::move(*watched));
    if (parts_.sinks != nullptr) parts_.sinks->replace(*sinks);
    return {};
}

bool Reloader::reload() {
    parts_.log.reopen();
    const Result<void> done = put_in_force();
    if (parts_.metrics != nullptr) parts_.metrics->count_reload(done.has_value());
    AuditRecord audit;
    audit.time = parts_.clock.now();
    audit.event = "reload";
    audit.outcome = done ? "permit" : "error";
    audit.facts = {{"callers", std::to_string(parts_.current.get()->callers.size())}};
    if (done) {
        parts_.log.write(
            Severity::info,
            "Configuration reloaded: callers, TLS files, challenge keys and sinks' files",
            {{"event", "reload"}});
    } else {
        audit.reason = std::string(to_string(done.error().code));
        parts_.log.write(
            Severity::error,
            "Configuration not reloaded, the previous one stays in force: " + done.error().text,
            {{"event", "reload"}, {"detail", done.error().detail}});
    }
    if (auto recorded = parts_.store.append_audit(std::move(audit)); !recorded) {
        parts_.log.note(Severity::error, "The reload could not be audited",
                        {{"event", "audit-failed"}, {"detail", recorded.error().text}});
    }
    return done.has_value();
}

}  // namespace ndes::crp
