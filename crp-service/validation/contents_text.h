// What a certificate says, as text for log and audit. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "common/certificate_contents.h"

namespace ndes::crp {

// "upn:a@example.org dns:b.example.org"
std::string text_of(const std::vector<SubjectAltName>& names);
std::string text_of(const std::vector<KeyUsage>& usages);
std::string text_of(const std::vector<std::string>& words);

}  // namespace ndes::crp
