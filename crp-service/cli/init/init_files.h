// Which files crpctl init writes, with modes and owners: no key of the CA or RA is readable by
// crpd, no challenge key by ndesd. Writes nothing itself. One thread.
#pragma once

#include "common/error.h"
#include "crp-service/cli/init/init_answers.h"
#include "crp-service/cli/init/init_layout.h"
#include "crp-service/cli/init/init_pki.h"
#include "crp-service/cli/init/init_plan.h"

namespace ndes::crp::cli {

// configuration when a file that the answers name cannot be read.
Result<void> plan_files(const InitAnswers& answers, const InitLayout& layout, const InitPki& pki,
                        InitPlan& plan);

}  // namespace ndes::crp::cli
