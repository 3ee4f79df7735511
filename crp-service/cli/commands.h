// crpctl's commands, one file each: every function adds its noun or verb to the command line.
// A command that ran leaves in `exit_code` what the program ends with; it throws nothing.
#pragma once

#include <CLI/CLI.hpp>

#include "common/error.h"
#include "crp-service/exit_code.h"

namespace ndes::crp::cli {

// Prints "error: …" to standard error and tells the exit code.
int report(const Error& error);

void add_db_commands(CLI::App& app, int& exit_code);
void add_keys_commands(CLI::App& app, int& exit_code);
void add_caller_commands(CLI::App& app, int& exit_code);
void add_reasons_command(CLI::App& app, int& exit_code);
void add_config_commands(CLI::App& app, int& exit_code);
void add_transaction_commands(CLI::App& app, int& exit_code);
void add_challenge_commands(CLI::App& app, int& exit_code);
void add_import_registry_command(CLI::App& app, int& exit_code);
void add_pending_commands(CLI::App& app, int& exit_code);

}  // namespace ndes::crp::cli
