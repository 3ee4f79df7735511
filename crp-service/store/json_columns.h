// Columns that hold lists and small objects as JSON: the one place of that encoding.
// It is our own and inside the database alone; the API's JSON stands elsewhere. Each pair of
// functions is each other's reverse. A column that cannot be read is storage. Pure functions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/certificate_contents.h"
#include "common/error.h"
#include "crp-service/domain/challenge.h"
#include "crp-service/domain/decision.h"
#include "crp-service/domain/records.h"

namespace ndes::crp {

using Facts = std::vector<std::pair<std::string, std::string>>;

std::string encode(const std::vector<std::string>& list);
std::string encode(const std::vector<SubjectAltName>& names);
std::string encode(const std::vector<KeyUsage>& usages);
std::string encode(const Assignments& assignments);
std::string encode(const std::vector<TemplatePermission>& permissions);
std::string encode(const ExpectedOverrides& expected);
std::string encode(const CertificateContents& contents);
std::string encode(const std::vector<RuleOutcome>& outcomes);
std::string encode(const Facts& facts);

Result<void> decode(const std::string& text, std::vector<std::string>& list);
Result<void> decode(const std::string& text, std::vector<SubjectAltName>& names);
Result<void> decode(const std::string& text, std::vector<KeyUsage>& usages);
Result<void> decode(const std::string& text, Assignments& assignments);
Result<void> decode(const std::string& text, std::vector<TemplatePermission>& permissions);
Result<void> decode(const std::string& text, ExpectedOverrides& expected);
Result<void> decode(const std::string& text, CertificateContents& contents);
Result<void> decode(const std::string& text, std::vector<RuleOutcome>& outcomes);
Result<void> decode(const std::string& text, Facts& facts);

}  // namespace ndes::crp
