// The verbs of crpctl audit that have a file of their own.
#pragma once

#include "crp-service/cli/commands.h"

namespace ndes::crp::cli {

void add_audit_export(CLI::App& noun, int& exit_code);
void add_audit_verify(CLI::App& noun, int& exit_code);

}  // namespace ndes::crp::cli
