#include "common/certificate_contents.h"

#include <array>
#include <cstddef>

namespace ndes {
namespace {

// Index = value of the enumerator.
constexpr std::array<const char*, 5> kSubjectAltNameTypes = {"upn", "email", "dns", "uri", "ip"};
constexpr std::array<const char*, 9> kKeyUsages = {
    "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
    "keyCertSign",      "cRLSign",        "encipherOnly",    "decipherOnly"};

template <std::size_t N, class Enum>
bool find(const std::array<const char*, N>& words, const std::string& text, Enum& value) {
    for (std::size_t i = 0; i < N; ++i) {
        if (text == words[i]) {
            value = static_cast<Enum>(i);
            return true;
        }
    }
    return false;
}

}  // namespace

const char* to_string(SubjectAltNameType type) {
    return kSubjectAltNameTypes.at(static_cast<std::size_t>(type));
}

bool from_string(const std::string& text, SubjectAltNameType& type) {
    return find(kSubjectAltNameTypes, text, type);
}

const char* to_string(KeyUsage usage) { return kKeyUsages.at(static_cast<std::size_t>(usage)); }

bool from_string(const std::string& text, KeyUsage& usage) { return find(kKeyUsages, text, usage); }

}  // namespace ndes
