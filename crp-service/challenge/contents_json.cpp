#include "crp-service/challenge/contents_json.h"

#include <algorithm>
#include <set>
#include <string>

#include "common/crypto/distinguished_name.h"
#include "common/crypto/general_names.h"
#include "common/crypto/openssl_ptr.h"

namespace ndes::crp {

namespace {

constexpr std::size_t kMostNames = 32;
constexpr std::size_t kMostUsages = 32;
constexpr std::size_t kMaxOidOctets = 128;
constexpr std::string_view kAnyExtendedKeyUsage = "2.5.29.37.0";

bool is_oid(const std::string& text) {
    // no_name = 1: numbers only, so that "clientAuth" is not read as one.
    const Asn1ObjectPtr object(::OBJ_txt2obj(text.c_str(), 1));
    return object != nullptr;
}

}  // namespace

Result<std::optional<std::vector<SubjectAltName>>> read_alt_names(JsonReader& reader,
                                                                  std::string_view field) {
    const Json* array = reader.optional_array(field, kMostNames);
    if (!array) return std::optional<std::vector<SubjectAltName>>();
    std::vector<SubjectAltName> names;
    for (std::size_t i = 0; i < array->size(); ++i) {
        JsonReader item((*array)[i], reader.path_of(field) + "[" + std::to_string(i) + "].");
        SubjectAltName name;
        const std::string type = item.text("type", 16);
        name.value = item.text("value", kMaxNameOctets);
        if (!from_string(type, name.type)) item.fault("type", "must be upn, email, dns, uri or ip");
        if (auto sound = item.finish(); !sound) return pass_on(sound);
        names.push_back(std::move(name));
    }
    return std::optional(std::move(names));
}

std::optional<std::vector<KeyUsage>> read_key_usage(JsonReader& reader, std::string_view field) {
    if (!reader.optional_array(field, kMostUsages)) return std::nullopt;
    std::set<KeyUsage> usages;
    for (const std::string& word : reader.text_list(field, kMostUsages, 32)) {
        KeyUsage usage{};
        if (!from_string(word, usage)) {
            reader.fault(field, "must hold key usage names of RFC 5280, e.g. digitalSignature");
        } else if (is_usage_of_a_ca(usage)) {
            reader.fault(field, "no device is given " + word);
        } else if (!usages.insert(usage).second) {
            reader.fault(field, "names a usage twice");
        }
    }
    return std::vector<KeyUsage>(usages.begin(), usages.end());
}

std::optional<std::vector<std::string>> read_oids(JsonReader& reader, std::string_view field) {
    if (!reader.optional_array(field, kMostUsages)) return std::nullopt;
    std::vector<std::string> oids = reader.text_list(field, kMostUsages, kMaxOidOctets);
    std::set<std::string> seen;
    for (const std::string& oid : oids) {
        if (oid == kAnyExtendedKeyUsage) reader.fault(field, "no device is given any usage");
        if (!is_oid(oid)) reader.fault(field, "must hold dotted OIDs, e.g. 1.3.6.1.5.5.7.3.2");
        if (!seen.insert(oid).second) reader.fault(field, "names an OID twice");
    }
    return oids;
}

Json alt_names_json(const std::vector<SubjectAltName>& names) {
    Json array = Json::array();
    for (const SubjectAltName& name : names) {
        array.push_back({{"type", to_string(name.type)}, {"value", name.value}});
    }
    return array;
}

Json key_usage_json(const std::vector<KeyUsage>& usages) {
    Json array = Json::array();
    for (KeyUsage usage : usages)
        array.push_back(to_string(usage));
    return array;
}

std::optional<std::int64_t> optional_integer(JsonReader& reader, std::string_view field,
                                             std::int64_t least, std::int64_t most) {
    if (reader.has(field)) return reader.integer(field, least, most);
    reader.optional_object(field);  // known all the same
    return std::nullopt;
}

Result<ExpectedOverrides> read_expected(JsonReader& outer) {
    const Json* object = outer.optional_object("expected");
    if (!object) return ExpectedOverrides{};
    JsonReader reader(*object, outer.path_of("expected") + ".");
    ExpectedOverrides expected;
    expected.subject = reader.optional_text("subject", kMaxNameOctets);
    auto names = read_alt_names(reader, "subjectAltNames");
    if (!names) return pass_on(names);
    expected.subject_alt_names = std::move(*names);
    expected.key_usage = read_key_usage(reader, "keyUsage");
    expected.extended_key_usage = read_oids(reader, "extendedKeyUsage");
    if (const auto days = optional_integer(reader, "validityDays", 1, 3650)) {
        expected.validity_days = static_cast<int>(*days);
    }
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    return expected;
}

Result<void> check_expected(const ExpectedOverrides& expected, const std::string& prefix) {
    const std::string field = prefix + "expected.";
    if (expected.subject) {
        if (expected.subject->find("{{") != std::string::npos) {
            return fail(ErrorCode::bad_request, field + "subject: must not hold {{Variables}}");
        }
        if (auto name = DistinguishedName::from_text(*expected.subject); !name) {
            return fail(ErrorCode::bad_request, field + "subject: " + name.error().text);
        }
    }
    if (expected.subject_alt_names) {
        if (auto names = to_general_names(*expected.subject_alt_names); !names) {
            return fail(ErrorCode::bad_request, field + "subjectAltNames: " + names.error().text);
        }
    }
    return {};
}

Json expected_json(const ExpectedOverrides& expected) {
    Json object = Json::object();
    if (expected.subject) object["subject"] = *expected.subject;
    if (expected.subject_alt_names) {
        object["subjectAltNames"] = alt_names_json(*expected.subject_alt_names);
    }
    if (expected.key_usage) object["keyUsage"] = key_usage_json(*expected.key_usage);
    if (expected.extended_key_usage) object["extendedKeyUsage"] = *expected.extended_key_usage;
    if (expected.validity_days) object["validityDays"] = *expected.validity_days;
    return object;
}

}  // namespace ndes::crp
