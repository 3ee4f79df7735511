#include "crp-service/enrollment/policy_check.h"

#include <string>
#include <string_view>

#include "common/crypto/distinguished_name.h"
#include "common/crypto/general_names.h"
#include "crp-service/validation/expected_contents.h"

namespace ndes::crp {

namespace {

// `text` with every {{Variable}} replaced by a letter, to see whether the rest is well-formed.
std::string without_variables(std::string_view text) {
    std::string plain;
    for (std::size_t begin = text.find("{{"); begin != std::string_view::npos;
         begin = text.find("{{")) {
        const std::size_t end = text.find("}}", begin);
        if (end == std::string_view::npos) break;
        plain += text.substr(0, begin);
        plain += 'x';
        text.remove_prefix(end + 2);
    }
    return plain += text;
}

Result<void> check_variables(std::string_view text, const std::string& field) {
    std::string unknown;
    if (!has_known_variables(text, unknown)) {
        return fail(ErrorCode::bad_request, field + ": there is no variable {{" + unknown + "}}");
    }
    const std::string plain = without_variables(text);
    if (plain.find("{{") != std::string::npos || plain.find("}}") != std::string::npos) {
        return fail(ErrorCode::bad_request, field + ": a variable is written {{Name}}");
    }
    return {};
}

Result<void> check_subject(const std::string& format) {
    if (auto sound = check_variables(format, "subjectFormat"); !sound) return sound;
    auto name = DistinguishedName::from_text(without_variables(format));
    if (!name) return pass_on(name, "subjectFormat");
    return {};
}

Result<void> check_alt_name(const SubjectAltName& name, const std::string& field) {
    if (auto sound = check_variables(name.value, field); !sound) return sound;
    // What a variable will hold is judged when its value is known.
    if (name.value.find("{{") != std::string::npos) return {};
    auto built = to_general_names({name});
    if (!built) return pass_on(built, field);
    return {};
}

}  // namespace

Result<void> check_policy(const Policy& policy) {
    if (auto sound = check_subject(policy.subject_format); !sound) return sound;
    for (std::size_t i = 0; i < policy.subject_alt_names.size(); ++i) {
        const std::string field = "subjectAltNames[" + std::to_string(i) + "].value";
        if (auto sound = check_alt_name(policy.subject_alt_names[i], field); !sound) return sound;
    }
    return {};
}

}  // namespace ndes::crp
