// CrpdConfig: every setting of crpd as one struct; meanings, units and defaults stand in
// crpd.sample.toml. Knows how to read and check, not how to act. One thread, at start and reload.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "common/config/config_file.h"
#include "common/http_server/http_server.h"
#include "common/logging/log.h"
#include "common/tls/tls_context.h"
#include "crp-service/adapters/adapter.h"
#include "crp-service/audit/audit_config.h"
#include "crp-service/challenge/key_files.h"
#include "crp-service/http/caller.h"
#include "crp-service/state_messages/sinks.h"
#include "crp-service/store/store_factory.h"
#include "crp-service/upkeep/retention_config.h"
#include "crp-service/validation/verify_service.h"

namespace ndes::crp {

struct ChallengeConfig {
    ChallengeKeyFiles files;
    std::string scep_url;
    std::filesystem::path ca_certificate_file;
};

struct CrpdConfig {
    http::ServerOptions server;  // `tls` is empty: built from `tls_files`
    TlsServerFiles tls_files;
    std::chrono::milliseconds drain_timeout{10'000};
    ListenAddress health;
    StoreOptions store;
    ChallengeConfig challenge;
    ValidationOptions validation;
    std::vector<CallerRule> callers;
    Adapters adapters;  // those that are switched on
    SinkOptions state_messages;
    AuditConfig audit;
    RetentionConfig retention;
    LogOptions log;
    std::string hash;        // names these settings in the audit: 16 hexadecimal digits of SHA-256
    std::string start_hash;  // likewise, of those alone that a reload leaves as they were
};

// configuration, with every fault of file, conf.d and environment in one text, one a line.
Result<CrpdConfig> read_config(const std::filesystem::path& file);

// As above from an opened file; relative lists of paths are taken from `folder`.
Result<CrpdConfig> read_config(ConfigFile& file, const std::filesystem::path& folder);

// The [store] table of the same file alone, for crpctl: needs no key or certificate to exist.
Result<StoreOptions> read_store_options(const std::filesystem::path& file);

}  // namespace ndes::crp
