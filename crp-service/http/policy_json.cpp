// JSON ↔ Policy: see record_json.h.
#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

#include "crp-service/challenge/contents_json.h"
#include "crp-service/http/record_json.h"

namespace ndes::crp {

namespace {

constexpr std::size_t kMaxRequestIdOctets = 512;
constexpr std::size_t kMaxTemplateOctets = 128;
constexpr std::size_t kMostAssigned = 1000;
constexpr std::size_t kMaxGroupOctets = 256;

// "SHA-256", "SHA256", "sha-256", … Intune's "SHA-2" means all three of the family.
std::vector<std::string> normal_hash_names(std::string word) {
    word.erase(std::remove(word.begin(), word.end(), '-'), word.end());
    std::transform(word.begin(), word.end(), word.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    if (word == "SHA1") return {"SHA-1"};
    if (word == "SHA256") return {"SHA-256"};
    if (word == "SHA384") return {"SHA-384"};
    if (word == "SHA512") return {"SHA-512"};
    if (word == "SHA2") return {"SHA-256", "SHA-384", "SHA-512"};
    return {};
}

std::vector<std::string> read_hash_algorithms(JsonReader& reader) {
    constexpr std::string_view kField = "hashAlgorithms";
    const std::vector<std::string> words = reader.text_list(kField, 8, 16);
    if (words.empty()) return {"SHA-256", "SHA-384", "SHA-512"};
    std::vector<std::string> names;
    for (const std::string& word : words) {
        const std::vector<std::string> normal = normal_hash_names(word);
        if (normal.empty()) {
            reader.fault(kField, "must hold SHA-256, SHA-384, SHA-512, SHA-2 or SHA-1");
        }
        names.insert(names.end(), normal.begin(), normal.end());
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

PolicyKeyType read_key_type(JsonReader& reader) {
    const std::string word = reader.optional_text("keyType", 8).value_or("RSA");
    if (word == "EC") return PolicyKeyType::ec;
    if (word != "RSA") reader.fault("keyType", "must be RSA or EC");
    return PolicyKeyType::rsa;
}

void read_numbers(JsonReader& reader, Policy& policy) {
    const auto number = [&](std::string_view field, int fallback, int least, int most) {
        return static_cast<int>(reader.integer_or(field, fallback, least, most));
    };
    const bool rsa = policy.key_type == PolicyKeyType::rsa;
    policy.minimum_key_size =
        rsa ? number("minimumKeySize", 2048, 2048, 4096) : number("minimumKeySize", 256, 256, 521);
    policy.validity_days = number("validityDays", policy.validity_days, 1, 3650);
    policy.renewal_threshold_percent =
        number("renewalThresholdPercent", policy.renewal_threshold_percent, 1, 100);
    policy.challenge_ttl_seconds =
        number("challengeTtlSeconds", policy.challenge_ttl_seconds, 60, 2'592'000);
    policy.retry_window_seconds =
        number("retryWindowSeconds", policy.retry_window_seconds, 0, 604'800);
}

Result<Assignments> read_assignments(JsonReader& outer) {
    const Json* object = outer.optional_object("assignments");
    if (!object) return Assignments{};
    JsonReader reader(*object, "assignments.");
    Assignments assignments;
    assignments.users = reader.text_list("users", kMostAssigned, kMaxIdOctets);
    assignments.groups = reader.text_list("groups", kMostAssigned, kMaxGroupOctets);
    assignments.devices = reader.text_list("devices", kMostAssigned, kMaxIdOctets);
    assignments.all = reader.boolean_or("all", false);
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    return assignments;
}

}  // namespace

Result<Policy> policy_from_json(const Json& body, const std::string& id) {
    JsonReader reader(body);
    Policy policy;
    policy.id = id;
    if (const auto given = reader.optional_text("id", kMaxIdOctets); given && *given != id) {
        reader.fault("id", "must be the identifier of the path");
    }
    policy.certificate_request_id = reader.text("certificateRequestId", kMaxRequestIdOctets);
    policy.template_name = reader.text("template", kMaxTemplateOctets);
    policy.subject_format = reader.text("subjectFormat", kMaxNameOctets);
    auto names = read_alt_names(reader, "subjectAltNames");
    if (!names) return pass_on(names);
    policy.subject_alt_names = std::move(*names).value_or(std::vector<SubjectAltName>{});
    policy.key_usage = read_key_usage(reader, "keyUsage").value_or(std::vector<KeyUsage>{});
    policy.extended_key_usage =
        read_oids(reader, "extendedKeyUsage").value_or(std::vector<std::string>{});
    policy.key_type = read_key_type(reader);
    policy.hash_algorithms = read_hash_algorithms(reader);
    read_numbers(reader, policy);
    policy.require_registered_key = reader.boolean_or("requireRegisteredKey", false);
    policy.security_identifier_extension = reader.boolean_or("securityIdentifierExtension", false);
    auto assignments = read_assignments(reader);
    if (!assignments) return pass_on(assignments);
    policy.assignments = std::move(*assignments);
    if (auto sound = reader.finish(); !sound) return pass_on(sound);
    return policy;
}

Json to_json(const Policy& policy) {
    return {{"id", policy.id},
            {"certificateRequestId", policy.certificate_request_id},
            {"template", policy.template_name},
            {"subjectFormat", policy.subject_format},
            {"subjectAltNames", alt_names_json(policy.subject_alt_names)},
            {"keyUsage", key_usage_json(policy.key_usage)},
            {"extendedKeyUsage", policy.extended_key_usage},
            {"keyType", policy.key_type == PolicyKeyType::ec ? "EC" : "RSA"},
            {"minimumKeySize", policy.minimum_key_size},
            {"hashAlgorithms", policy.hash_algorithms},
            {"validityDays", policy.validity_days},
            {"renewalThresholdPercent", policy.renewal_threshold_percent},
            {"challengeTtlSeconds", policy.challenge_ttl_seconds},
            {"retryWindowSeconds", policy.retry_window_seconds},
            {"requireRegisteredKey", policy.require_registered_key},
            {"securityIdentifierExtension", policy.security_identifier_extension},
            {"assignments",
             {{"users", policy.assignments.users},
              {"groups", policy.assignments.groups},
              {"devices", policy.assignments.devices},
              {"all", policy.assignments.all}}}};
}

}  // namespace ndes::crp
