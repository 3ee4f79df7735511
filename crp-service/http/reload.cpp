#include "crp-service/http/reload.h"

#include "crp-service/enrollment/key_census.h"
#include "crp-service/http/material.h"

namespace ndes::crp {

namespace fs = std::filesystem;

std::vector<fs::path> files_to_watch(const fs::path& config_file, const CrpdConfig& config) {
    const fs::path more = fs::absolute(config_file).parent_path() / "conf.d";
    std::vector<fs::path> files = {config_file,
                                   more,
                                   config.tls_files.certificate,
                                   config.tls_files.key,
                                   config.tls_files.client_ca,
                                   config.challenge.ca_certificate_file};
    if (!config.tls_files.client_crl.empty()) files.push_back(config.tls_files.client_crl);
    const ChallengeKeyFiles& challenge = config.challenge.files;
    files.insert(files.end(), challenge.keys.begin(), challenge.keys.end());
    files.insert(files.end(), challenge.peppers.begin(), challenge.peppers.end());
    for (const SealedRecipientFiles& one : challenge.recipients) {
        files.push_back(one.certificate);
        files.push_back(one.key);
    }
    for (const SealedSignerFiles& one : challenge.signers) {
        files.insert(files.end(), one.certificates.begin(), one.certificates.end());
        files.insert(files.end(), one.issuers.begin(), one.issuers.end());
    }
    for (const auto& [name, adapter] : config.adapters) {
        const std::vector<fs::path> own = adapter->files();
        files.insert(files.end(), own.begin(), own.end());
    }
    for (const CallerRule& caller : config.callers) {
        for (const CredentialFiles& one : caller.credentials)
            files.insert(files.end(), one.secrets.begin(), one.secrets.end());
    }
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(more, none))
        files.push_back(entry.path());
    return files;
}

Result<std::string> Reloader::put_in_force() {
    const WallTime read_at = parts_.clock.now();
    auto config = read_config(parts_.config_file);
    if (!config) return pass_on(config);
    parts_.watcher.watch(files_to_watch(parts_.config_file, *config));  // and only then read them
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
    if (parts_.metrics != nullptr)
        parts_.metrics->config_taken(read_at, config->start_hash != parts_.start_hash);
    return config->hash;
}

bool Reloader::reload(Cause cause) {
    if (cause == Cause::asked) parts_.log.reopen();
    const Result<std::string> done = put_in_force();
    if (parts_.metrics != nullptr) parts_.metrics->count_reload(done.has_value());
    const std::string fault = done ? "" : done.error().text;
    const bool is_known = !done && cause == Cause::files_changed && fault == last_fault_;
    last_fault_ = fault;
    if (!is_known) tell(done, cause);
    return done.has_value();
}

void Reloader::tell(const Result<std::string>& done, Cause cause) {
    const std::string cause_word = cause == Cause::asked ? "signal" : "files";
    AuditRecord audit;
    audit.time = parts_.clock.now();
    audit.event = "reload";
    audit.outcome = done ? "permit" : "error";
    audit.facts = {{"cause", cause_word},
                   {"callers", std::to_string(parts_.current.get()->callers.size())},
                   {"config", done ? *done : std::string()}};
    if (done) {
        parts_.log.write(
            Severity::info,
            "Configuration reloaded: callers, TLS files, challenge keys and sinks' files",
            {{"event", "reload"}, {"cause", cause_word}});
        log_missing_keys(*parts_.current.get()->codec, parts_.store, parts_.clock.now(),
                         parts_.log);
    } else {
        audit.reason = std::string(to_string(done.error().code));
        parts_.log.write(
            Severity::error,
            "Configuration not reloaded, the previous one stays in force: " + done.error().text,
            {{"event", "reload"}, {"cause", cause_word}, {"detail", done.error().detail}});
    }
    if (auto recorded = parts_.store.append_audit(std::move(audit)); !recorded) {
        parts_.log.note(Severity::error, "The reload could not be audited",
                        {{"event", "audit-failed"}, {"detail", recorded.error().text}});
    }
}

}  // namespace ndes::crp
