// The configuration files that crpctl init writes, with comments: what a newcomer may want to know
// or change. All keys stand in the sample files. Pure functions; any thread.
#pragma once

#include <string>

#include "common/error.h"
#include "crp-service/cli/init/init_answers.h"
#include "crp-service/cli/init/init_layout.h"
#include "crp-service/cli/init/init_pki.h"

namespace ndes::crp::cli {

// Beside the one that the first policy has; crpd knows all three.
inline constexpr const char* kSignatureTemplate = "Signature";
inline constexpr const char* kEncryptionTemplate = "Encryption";

// configuration when a certificate of `pki` cannot be read.
Result<std::string> crpd_config_text(const InitAnswers& answers, const InitLayout& layout,
                                     const InitPki& pki);
Result<std::string> ndesd_config_text(const InitAnswers& answers, const InitLayout& layout,
                                      const InitPki& pki);
std::string module_config_text(const InitAnswers& answers, const InitLayout& layout);
std::string client_config_text(const InitAnswers& answers, const InitPki& pki);

// For crpctl init --answers on ndesd's host, beside the files that go there.
std::string ndesd_answers_text(const InitAnswers& answers);

}  // namespace ndes::crp::cli
