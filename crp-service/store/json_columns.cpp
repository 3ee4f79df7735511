#include "crp-service/store/json_columns.h"

#include <optional>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "common/json_text.h"

namespace ndes::crp {
namespace {

using Json = nlohmann::json;

constexpr const char* kPassed = "Success";  // the outcome of every rule that found no fault

// Hostile text can reach a column (a rule's detail); it must not stop the record.
std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <class Read>
Result<void> read_json(const std::string& text, Read read) {
    try {
        read(Json::parse(text));
        return {};
    } catch (const std::exception& thrown) {
        return fail(ErrorCode::storage, "a record in the database is damaged", thrown.what());
    }
}

// A word that is not one of the enumeration's is damage like any other.
template <class Enum>
Enum word(const Json& json) {
    Enum value{};
    if (!from_string(json.get<std::string>(), value)) {
        throw std::domain_error("unknown word");
    }
    return value;
}

Json to_json(const std::vector<SubjectAltName>& names) {
    Json list = Json::array();
    for (const SubjectAltName& name : names) {
        list.push_back(Json::array({to_string(name.type), name.value}));
    }
    return list;
}

Json to_json(const std::vector<KeyUsage>& usages) {
    Json list = Json::array();
    for (const KeyUsage usage : usages)
        list.push_back(to_string(usage));
    return list;
}

std::vector<SubjectAltName> names_of(const Json& list) {
    std::vector<SubjectAltName> names;
    for (const Json& name : list) {
        names.push_back({word<SubjectAltNameType>(name.at(0)), name.at(1).get<std::string>()});
    }
    return names;
}

std::vector<KeyUsage> usages_of(const Json& list) {
    std::vector<KeyUsage> usages;
    for (const Json& usage : list)
        usages.push_back(word<KeyUsage>(usage));
    return usages;
}

}  // namespace

std::string encode(const std::vector<std::string>& list) { return dump(Json(list)); }

Result<void> decode(const std::string& text, std::vector<std::string>& list) {
    return read_json(text, [&](const Json& json) { list = json.get<std::vector<std::string>>(); });
}

std::string encode(const std::vector<SubjectAltName>& names) { return dump(to_json(names)); }

Result<void> decode(const std::string& text, std::vector<SubjectAltName>& names) {
    return read_json(text, [&](const Json& json) { names = names_of(json); });
}

std::string encode(const std::vector<KeyUsage>& usages) { return dump(to_json(usages)); }

Result<void> decode(const std::string& text, std::vector<KeyUsage>& usages) {
    return read_json(text, [&](const Json& json) { usages = usages_of(json); });
}

std::string encode(const Assignments& assignments) {
    return dump({{"users", assignments.users},
                 {"groups", assignments.groups},
                 {"devices", assignments.devices},
                 {"all", assignments.all}});
}

Result<void> decode(const std::string& text, Assignments& assignments) {
    return read_json(text, [&](const Json& json) {
        json.at("users").get_to(assignments.users);
        json.at("groups").get_to(assignments.groups);
        json.at("devices").get_to(assignments.devices);
        json.at("all").get_to(assignments.all);
    });
}

std::string encode(const std::vector<TemplatePermission>& permissions) {
    Json list = Json::array();
    for (const TemplatePermission& one : permissions) {
        list.push_back({{"principal", one.principal}, {"read", one.read}, {"enroll", one.enroll}});
    }
    return dump(list);
}

Result<void> decode(const std::string& text, std::vector<TemplatePermission>& permissions) {
    return read_json(text, [&](const Json& json) {
        for (const Json& one : json) {
            permissions.push_back({one.at("principal").get<std::string>(),
                                   one.at("read").get<bool>(), one.at("enroll").get<bool>()});
        }
    });
}

std::string encode(const ExpectedOverrides& expected) {
    Json json = Json::object();
    if (expected.subject) json["subject"] = *expected.subject;
    if (expected.subject_alt_names) json["names"] = to_json(*expected.subject_alt_names);
    if (expected.key_usage) json["keyUsage"] = to_json(*expected.key_usage);
    if (expected.extended_key_usage) json["extendedKeyUsage"] = *expected.extended_key_usage;
    if (expected.validity_days) json["validityDays"] = *expected.validity_days;
    return dump(json);
}

Result<void> decode(const std::string& text, ExpectedOverrides& expected) {
    return read_json(text, [&](const Json& json) {
        if (json.contains("subject")) expected.subject = json["subject"].get<std::string>();
        if (json.contains("names")) expected.subject_alt_names = names_of(json["names"]);
        if (json.contains("keyUsage")) expected.key_usage = usages_of(json["keyUsage"]);
        if (json.contains("extendedKeyUsage")) {
            expected.extended_key_usage = json["extendedKeyUsage"].get<std::vector<std::string>>();
        }
        if (json.contains("validityDays")) expected.validity_days = json["validityDays"].get<int>();
    });
}

std::string encode(const CertificateContents& contents) {
    return dump({{"subject", contents.subject},
                 {"names", to_json(contents.subject_alt_names)},
                 {"keyUsage", to_json(contents.key_usage)},
                 {"extendedKeyUsage", contents.extended_key_usage},
                 {"validityDays", contents.validity_days},
                 {"template", contents.template_name},
                 {"sid", contents.security_identifier}});
}

Result<void> decode(const std::string& text, CertificateContents& contents) {
    return read_json(text, [&](const Json& json) {
        json.at("subject").get_to(contents.subject);
        contents.subject_alt_names = names_of(json.at("names"));
        contents.key_usage = usages_of(json.at("keyUsage"));
        json.at("extendedKeyUsage").get_to(contents.extended_key_usage);
        json.at("validityDays").get_to(contents.validity_days);
        json.at("template").get_to(contents.template_name);
        contents.security_identifier = json.value("sid", std::string());  // rows before 0002: none
    });
}

// Short arrays, not objects, and shorter ones for rules that passed: some thirty are written with
// every decision.
std::string encode(const std::vector<RuleOutcome>& outcomes) {
    std::string out = "[";
    out.reserve(32 * (outcomes.size() + 1));
    for (const RuleOutcome& one : outcomes) {
        out += out.size() > 1 ? ",[" : "[";
        append_json_string(out, one.rule);
        out += ',' + std::to_string(one.phase);
        if (!one.passed || one.reason != kPassed) {
            out += one.passed ? ",true," : ",false,";
            append_json_string(out, one.reason);
        }
        out += ']';
    }
    return out += ']';
}

Result<void> decode(const std::string& text, std::vector<RuleOutcome>& outcomes) {
    return read_json(text, [&](const Json& json) {
        for (const Json& one : json) {
            RuleOutcome outcome{one.at(0).get<std::string>(), one.at(1).get<int>(), true, kPassed};
            if (one.size() > 2) {
                one.at(2).get_to(outcome.passed);
                one.at(3).get_to(outcome.reason);
            }
            outcomes.push_back(std::move(outcome));
        }
    });
}

std::string encode(const Facts& facts) {
    std::string out = "[";
    out.reserve(48 * (facts.size() + 1));
    for (const auto& [name, value] : facts) {
        out += out.size() > 1 ? ",[" : "[";
        append_json_string(out, name);
        out += ',';
        append_json_string(out, value);
        out += ']';
    }
    return out += ']';
}

Result<void> decode(const std::string& text, Facts& facts) {
    return read_json(text, [&](const Json& json) {
        for (const Json& one : json) {
            facts.emplace_back(one.at(0).get<std::string>(), one.at(1).get<std::string>());
        }
    });
}

}  // namespace ndes::crp
