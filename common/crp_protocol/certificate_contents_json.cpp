#include "common/crp_protocol/certificate_contents_json.h"

#include <algorithm>

#include "common/crp_protocol/limits.h"
#include "common/json_text.h"

namespace ndes::crp_protocol {
namespace {

constexpr std::size_t kMaxSubject = 4096;
constexpr std::size_t kMaxAltNames = 64;
constexpr std::size_t kMaxUsages = 9;
constexpr std::size_t kMaxExtendedUsages = 32;
constexpr std::size_t kMaxOid = 128;
constexpr std::size_t kMaxSecurityIdentifier = 184;  // longest text form of a Windows SID
constexpr std::int64_t kMaxValidityDays = 36500;

// Two or more decimal arcs without leading zeros, the first 0 to 2.
bool is_dotted_oid(std::string_view text) {
    if (text.size() < 3 || text[0] < '0' || text[0] > '2' || text[1] != '.') return false;
    bool arc_begins = true;
    for (std::size_t i = 2; i < text.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (!digit && (text[i] != '.' || arc_begins)) return false;
        if (digit && !arc_begins && text[i - 1] == '0' && text[i - 2] == '.') return false;
        arc_begins = !digit;
    }
    return !arc_begins;
}

Result<SubjectAltName> read_alt_name(const Json& json, std::string path) {
    JsonReader reader(json, std::move(path));
    SubjectAltName name;
    if (!from_string(reader.text("type", 16), name.type)) {
        reader.fault("type", "must be upn, email, dns, uri or ip");
    }
    name.value = reader.text("value", kMaxName);
    auto done = reader.finish();
    if (!done) return pass_on(done);
    return name;
}

Result<std::vector<SubjectAltName>> read_alt_names(JsonReader& reader) {
    std::vector<SubjectAltName> names;
    const Json* items = reader.optional_array("subjectAltNames", kMaxAltNames);
    if (items == nullptr) {
        reader.fault("subjectAltNames", "is missing");
        return names;
    }
    for (const Json& item : *items) {
        const std::string index = "[" + std::to_string(names.size()) + "].";
        auto name = read_alt_name(item, reader.path_of("subjectAltNames") + index);
        if (!name) return pass_on(name);
        names.push_back(std::move(*name));
    }
    return names;
}

std::vector<KeyUsage> read_key_usage(JsonReader& reader) {
    std::vector<KeyUsage> usages;
    if (!reader.has("keyUsage")) reader.fault("keyUsage", "is missing");
    for (const std::string& word : reader.text_list("keyUsage", kMaxUsages, 32)) {
        KeyUsage usage{};
        if (!from_string(word, usage)) {
            reader.fault("keyUsage", "names an unknown usage");
        } else if (std::find(usages.begin(), usages.end(), usage) != usages.end()) {
            reader.fault("keyUsage", "names a usage twice");
        }
        usages.push_back(usage);
    }
    std::sort(usages.begin(), usages.end());
    return usages;
}

std::vector<std::string> read_extended_key_usage(JsonReader& reader) {
    if (!reader.has("extendedKeyUsage")) reader.fault("extendedKeyUsage", "is missing");
    auto oids = reader.text_list("extendedKeyUsage", kMaxExtendedUsages, kMaxOid);
    for (auto oid = oids.begin(); oid != oids.end(); ++oid) {
        if (!is_dotted_oid(*oid)) reader.fault("extendedKeyUsage", "must be dotted OIDs");
        if (std::find(oids.begin(), oid, *oid) != oid) {
            reader.fault("extendedKeyUsage", "names an OID twice");
        }
    }
    return oids;
}

}  // namespace

std::string to_json(const CertificateContents& contents) {
    std::string names = "[";
    for (const SubjectAltName& name : contents.subject_alt_names) {
        if (names.size() > 1) names += ',';
        JsonObjectText item;
        item.text("type", to_string(name.type));
        item.text("value", name.value);
        names += item.finish();
    }
    names += ']';
    JsonObjectText json(512);
    json.text("subject", contents.subject);
    json.json("subjectAltNames", names);
    json.json("keyUsage",
              json_text_list(contents.key_usage, [](KeyUsage usage) { return to_string(usage); }));
    json.json("extendedKeyUsage", json_text_list(contents.extended_key_usage,
                                                 [](const std::string& oid) { return oid; }));
    json.integer("validityDays", contents.validity_days);
    json.text("template", contents.template_name);
    // Left out when empty, so that what most certificates need stays as it always was.
    if (!contents.security_identifier.empty()) {
        json.text("securityIdentifier", contents.security_identifier);
    }
    return json.finish();
}

Result<CertificateContents> certificate_contents_from_json(const Json& json, std::string path) {
    JsonReader reader(json, std::move(path));
    CertificateContents contents;
    contents.subject = reader.text("subject", kMaxSubject, true);
    auto names = read_alt_names(reader);
    if (!names) return pass_on(names);
    contents.subject_alt_names = std::move(*names);
    if (contents.subject.empty() && contents.subject_alt_names.empty()) {
        reader.fault("subject", "is empty, and there is no alternative name");
    }
    contents.key_usage = read_key_usage(reader);
    contents.extended_key_usage = read_extended_key_usage(reader);
    contents.validity_days = static_cast<int>(reader.integer("validityDays", 1, kMaxValidityDays));
    contents.template_name = reader.text("template", kMaxId);
    if (reader.has("securityIdentifier")) {
        contents.security_identifier = reader.text("securityIdentifier", kMaxSecurityIdentifier);
    }
    auto done = reader.finish();
    if (!done) return pass_on(done);
    return contents;
}

}  // namespace ndes::crp_protocol
