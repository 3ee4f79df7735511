#include "crp-service/validation/deviations.h"

#include <algorithm>

#include "common/crypto/general_names.h"
#include "common/logging/cmtrace.h"
#include "crp-service/validation/contents_text.h"

namespace ndes::crp {
namespace {

constexpr std::size_t kMaxShownValue = 256;

bool is_same_name(const std::string& issued, const std::string& verified) {
    const auto found = DistinguishedName::from_text(issued);
    const auto wanted = DistinguishedName::from_text(verified);
    return found && wanted && found->same_names(*wanted);
}

bool may_have(const std::vector<KeyUsage>& issued, const std::vector<KeyUsage>& verified) {
    if (verified.empty()) return std::ranges::none_of(issued, is_usage_of_a_ca);
    return std::ranges::is_permutation(issued, verified);
}

bool may_have(const std::vector<std::string>& issued, const std::vector<std::string>& verified) {
    return verified.empty() || std::ranges::is_permutation(issued, verified);
}

void compare_extensions(const CertificateRequest& issued, const CertificateContents& verified,
                        std::vector<Deviation>& found) {
    const auto names = issued.subject_alt_names.value_or(std::vector<SubjectAltName>{});
    const auto usages = issued.key_usage.value_or(std::vector<KeyUsage>{});
    const auto extended = issued.extended_key_usage.value_or(std::vector<std::string>{});
    const std::string sid = issued.security_identifier.value_or("");
    if (!same_alt_names(names, verified.subject_alt_names)) {
        found.push_back({"san", text_of(names), text_of(verified.subject_alt_names)});
    }
    if (!may_have(usages, verified.key_usage)) {
        found.push_back({"key_usage", text_of(usages), text_of(verified.key_usage)});
    }
    if (!may_have(extended, verified.extended_key_usage)) {
        found.push_back(
            {"extended_key_usage", text_of(extended), text_of(verified.extended_key_usage)});
    }
    if (sid != verified.security_identifier) {
        found.push_back({"sid", sid, verified.security_identifier});
    }
    if (issued.asks_for_ca) found.push_back({"ca", "true", "false"});
}

std::string shown(const std::string& value) {
    return value.empty() ? "(none)" : loggable(value, kMaxShownValue);
}

}  // namespace

std::vector<Deviation> deviations_of(ByteView certificate, const CertificateFacts& facts,
                                     const CertificateContents& verified) {
    std::vector<Deviation> found;
    if (!is_same_name(facts.subject, verified.subject)) {
        found.push_back({"subject", facts.subject, verified.subject});
    }
    const auto extensions = read_certificate_extensions(certificate);
    if (extensions) {
        compare_extensions(*extensions, verified, found);
    } else {
        found.push_back({"extensions", extensions.error().text, "ones that can be read"});
    }
    return found;
}

std::string fields_of(const std::vector<Deviation>& deviations) {
    std::string fields;
    for (const Deviation& one : deviations)
        fields.append(fields.empty() ? "" : " ").append(one.field);
    return fields;
}

std::string line_of(const std::vector<Deviation>& deviations) {
    std::string line = "The issued certificate is not what was verified: ";
    for (std::size_t i = 0; i < deviations.size(); ++i) {
        const Deviation& one = deviations[i];
        line.append(i == 0 ? "" : "; ").append(one.field);
        line += " is " + shown(one.issued) + ", verified was " + shown(one.verified);
    }
    return line;
}

}  // namespace ndes::crp
