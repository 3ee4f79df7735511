#include "crp-service/validation/contents_text.h"

namespace ndes::crp {

std::string text_of(const std::vector<SubjectAltName>& names) {
    std::string text;
    for (const SubjectAltName& name : names) {
        text += (text.empty() ? "" : " ") + std::string(to_string(name.type)) + ":" + name.value;
    }
    return text;
}

std::string text_of(const std::vector<KeyUsage>& usages) {
    std::string text;
    for (const KeyUsage usage : usages)
        text += (text.empty() ? "" : " ") + std::string(to_string(usage));
    return text;
}

std::string text_of(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

}  // namespace ndes::crp
