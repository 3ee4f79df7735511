// AuditInput: where crpctl reads the audit from: a database, an export, or crpd itself.
// One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/error.h"
#include "crp-service/cli/connection.h"
#include "crp-service/domain/decision.h"

namespace ndes::crp::cli {

struct AuditPlace {
    std::shared_ptr<RestTarget> target;  // when neither of the two is given
    std::filesystem::path config;        // crpd's configuration: its database
    std::filesystem::path file;          // an export
};

// Adds --config, the options of a connection and, if `may_be_export`, --export.
std::shared_ptr<AuditPlace> add_audit_place(CLI::App& command, bool may_be_export);

struct AuditInput {
    std::function<Result<std::vector<AuditCheckpoint>>()> checkpoints;
    // Hands over record by record, each node's in order, until `take` says false. conflict for
    // what is no record.
    std::function<Result<void>(const std::function<bool(const AuditRecord&)>& take)> records;
};

// bad_request when it is not said how to reach crpd.
Result<AuditInput> open_input(AuditPlace& place);

}  // namespace ndes::crp::cli
