#include "scep-server/policy_host/module_answer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "common/crypto/asn1_text.h"

namespace ndes::scep {
namespace {

// Beyond these a value is a mistake or an attack, and reading it could end the process.
constexpr std::size_t kMaxReason = 255;
constexpr std::size_t kMaxDetail = 8192;
constexpr std::size_t kMaxName = 4096;
constexpr std::size_t kMaxOid = 128;
constexpr std::size_t kMaxNames = 100;
constexpr std::size_t kMaxUsages = 64;
constexpr std::size_t kMaxChallenge = 8192;  // a sealed challenge is a CMS message
constexpr std::int32_t kMaxValidityDays = 36'500;
constexpr unsigned kKeyUsageBits = 9;

Failure broken(std::string what) {
    return fail(ErrorCode::internal, "the policy module broke a promise", std::move(what));
}

Result<std::string> read_text(ndes_policy_string text, std::string_view name, std::size_t limit) {
    if (text.length == 0) return std::string();
    if (!text.data) return broken(std::string(name) + " is NULL with a length");
    if (text.length > limit)
        return broken(std::string(name) + " has " + std::to_string(text.length) + " octets");
    const std::string_view view(text.data, text.length);
    if (!is_utf8(view)) return broken(std::string(name) + " is not UTF-8");
    return std::string(view);
}

Result<std::vector<SubjectAltName>> read_alt_names(const ndes_policy_verify_output& output) {
    if (output.alt_name_count > kMaxNames)
        return broken(std::to_string(output.alt_name_count) + " alternative names");
    if (output.alt_name_count != 0 && !output.alt_names) return broken("alt_names is NULL");
    std::vector<SubjectAltName> names;
    for (std::size_t i = 0; i < output.alt_name_count; ++i) {
        auto type = read_text(output.alt_names[i].type, "alternative name's type", kMaxReason);
        if (!type) return pass_on(type);
        auto value = read_text(output.alt_names[i].value, "alternative name", kMaxName);
        if (!value) return pass_on(value);
        SubjectAltName name;
        if (value->empty() || !from_string(*type, name.type))
            return broken("an alternative name is empty or of an unknown type");
        name.value = std::move(*value);
        names.push_back(std::move(name));
    }
    return names;
}

Result<std::vector<std::string>> read_usages(const ndes_policy_verify_output& output) {
    if (output.extended_key_usage_count > kMaxUsages)
        return broken(std::to_string(output.extended_key_usage_count) + " extended key usages");
    if (output.extended_key_usage_count != 0 && !output.extended_key_usage)
        return broken("extended_key_usage is NULL");
    std::vector<std::string> oids;
    for (std::size_t i = 0; i < output.extended_key_usage_count; ++i) {
        auto oid = read_text(output.extended_key_usage[i], "extended key usage", kMaxOid);
        if (!oid) return pass_on(oid);
        if (oid->empty() || oid->find_first_not_of("0123456789.") != std::string::npos)
            return broken("an extended key usage is not a dotted OID");
        oids.push_back(std::move(*oid));
    }
    return oids;
}

Result<CertificateContents> read_contents(const ndes_policy_verify_output& output,
                                          std::string_view template_name) {
    CertificateContents contents;
    auto subject = read_text(output.subject, "subject", kMaxName);
    if (!subject) return pass_on(subject);
    auto names = read_alt_names(output);
    if (!names) return pass_on(names);
    auto usages = read_usages(output);
    if (!usages) return pass_on(usages);
    if (output.key_usage >> kKeyUsageBits != 0) return broken("key_usage has unknown bits");
    if (output.validity_days < 1 || output.validity_days > kMaxValidityDays)
        return broken("validity_days is " + std::to_string(output.validity_days));
    contents.subject = std::move(*subject);
    contents.subject_alt_names = std::move(*names);
    contents.extended_key_usage = std::move(*usages);
    for (unsigned bit = 0; bit < kKeyUsageBits; ++bit)
        if ((output.key_usage >> bit & 1u) != 0)
            contents.key_usage.push_back(static_cast<KeyUsage>(bit));
    contents.validity_days = output.validity_days;
    contents.template_name = std::string(template_name);
    return contents;
}

bool time_or_operator_helps(ndes_policy_result result) {
    switch (result) {
        case NDES_POLICY_E_UNAVAILABLE:
        case NDES_POLICY_E_CANNOT_CONNECT:
        case NDES_POLICY_E_ACCESSDENIED:
        case NDES_POLICY_E_CERT_DATE:
        case NDES_POLICY_E_SECURE_FAILURE:
        case NDES_POLICY_E_INVALID_RESPONSE: return true;
        default: return false;
    }
}

}  // namespace

std::string hex_of(ndes_policy_result result) {
    std::array<char, 8> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                   static_cast<std::uint32_t>(result), 16)
                         .ptr;
    return "0x" + std::string(digits.data(), end);
}

Error error_of(ndes_policy_result result, std::string_view verb) {
    const std::string detail =
        std::string(verb) + " of the policy module returned " + hex_of(result);
    if (result == NDES_POLICY_E_TIMEOUT)
        return {ErrorCode::timeout, "the policy check timed out", detail, std::nullopt};
    if (time_or_operator_helps(result))
        return {ErrorCode::unavailable, "the policy check could not be made", detail, std::nullopt};
    return {ErrorCode::internal, "the policy check could not be made", detail, std::nullopt};
}

Result<PolicyAnswer> read_answer(const ndes_policy_verify_output& output,
                                 std::string_view template_name) {
    if (output.verified != 0 && output.verified != 1)
        return broken("verified is " + std::to_string(output.verified));
    PolicyAnswer answer;
    auto reason = read_text(output.reason, "reason", kMaxReason);
    if (!reason) return pass_on(reason);
    auto detail = read_text(output.detail, "detail", kMaxDetail);
    if (!detail) return pass_on(detail);
    auto decision_id = read_text(output.decision_id, "decision_id", kMaxReason);
    if (!decision_id) return pass_on(decision_id);
    answer.reason = std::move(*reason);
    answer.detail = std::move(*detail);
    answer.decision_id = std::move(*decision_id);
    if (output.verified == 0) return answer;

    if (output.has_contents != 0 && output.has_contents != 1)
        return broken("has_contents is " + std::to_string(output.has_contents));
    if (output.has_contents == 1) {
        auto contents = read_contents(output, template_name);
        if (!contents) return pass_on(contents);
        answer.contents = std::move(*contents);
    }
    answer.verified = true;  // last, when everything that belongs to a yes has been read
    return answer;
}

Result<std::string> read_challenge(ndes_policy_string challenge) {
    auto text = read_text(challenge, "challenge", kMaxChallenge);
    if (!text) return text;
    const bool printable =
        std::all_of(text->begin(), text->end(), [](char c) { return c >= ' ' && c < 0x7f; });
    if (text->empty() || !printable) return broken("the challenge is empty or not printable");
    return text;
}

}  // namespace ndes::scep
