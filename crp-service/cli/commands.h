// crpctl's commands, one file each: every function adds its noun or verb to the command line.
// A command that ran leaves in `exit_code` what the program ends with; it throws nothing.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "common/error.h"
#include "crp-service/cli/rest_client.h"
#include "crp-service/exit_code.h"

namespace ndes::crp::cli {

// Remembers noun and verb of the command line, for the next steps that report() tells.
void note_command(int argc, const char* const* argv);

// The detail of an Error tells a cause; one that begins so tells what to do next instead.
inline constexpr const char* kNextStep = "next: ";
Error with_next_step(Error error, const std::string& step);

// For a fault of this machine's own files and input: nobody refused anything, unless something
// exists that is not overwritten.
Error local_fault(Error error);

// Prints "error: …", its cause and what to do next to standard error and tells the exit code.
int report(const Error& error);
int report_usage(const std::string& text, const std::string& next);

// For an error of complete(): usage when it was not said how to reach the other side.
int report_target(const Error& error);

// Runs `work` with a connection to crpd and reports what went wrong. kExitUsage when it is not
// said how to reach it.
int with_client(RestTarget& target, const std::function<Result<void>(RestClient&)>& work);

// The whole command line, for main and for the completion scripts.
void add_commands(CLI::App& app, int& exit_code);

void add_audit_commands(CLI::App& app, int& exit_code);
void add_caller_commands(CLI::App& app, int& exit_code);
void add_certificate_commands(CLI::App& app, int& exit_code);
void add_challenge_commands(CLI::App& app, int& exit_code);
void add_completion_command(CLI::App& app, int& exit_code);
void add_config_commands(CLI::App& app, int& exit_code);
void add_db_commands(CLI::App& app, int& exit_code);
void add_doctor_command(CLI::App& app, int& exit_code);  // of every hop; doctor/
void add_expiry_command(CLI::App& app, int& exit_code);  // of all programs' own files
void add_init_command(CLI::App& app, int& exit_code);
void add_keys_commands(CLI::App& app, int& exit_code);
void add_plugin_commands(CLI::App& app, int& exit_code);  // policy modules, before they are used
void add_policy_commands(CLI::App& app, int& exit_code);  // of the running crpd: simulate, explain
void add_reasons_command(CLI::App& app, int& exit_code);
void add_record_commands(CLI::App& app, int& exit_code);  // device, user, policy, template
void add_state_commands(CLI::App& app, int& exit_code);
void add_status_command(CLI::App& app, int& exit_code);
void add_support_bundle_command(CLI::App& app, int& exit_code);
void add_transaction_commands(CLI::App& app, int& exit_code);
void add_import_registry_command(CLI::App& app, int& exit_code);
void add_pending_commands(CLI::App& app, int& exit_code);  // of ndesd
void add_notify_commands(CLI::App& app, int& exit_code);   // likewise
void add_ra_commands(CLI::App& app, int& exit_code);       // likewise
void add_tls_commands(CLI::App& app, int& exit_code);      // our own mutual TLS
void add_ca_commands(CLI::App& app, int& exit_code);       // likewise

}  // namespace ndes::crp::cli
