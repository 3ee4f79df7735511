// crpd's database, new, with what a first enrolment needs: a template that everybody may use, the
// first device and the first policy. One thread.
#pragma once

#include "common/error.h"
#include "crp-service/cli/init/init_answers.h"
#include "crp-service/cli/init/init_layout.h"

namespace ndes::crp::cli {

// Nothing when this host has no database, or its owner is not known. On failure the SQLite file is
// removed again.
Result<void> make_database(const InitAnswers& answers, const InitLayout& layout);

}  // namespace ndes::crp::cli
