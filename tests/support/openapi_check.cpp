#include "tests/support/openapi_check.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <strings.h>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

namespace ndes::test {

namespace {

using nlohmann::json;

std::vector<std::string> segments_of(const std::string& path) {
    std::vector<std::string> segments;
    std::stringstream stream(path.substr(0, path.find('?')));
    for (std::string segment; std::getline(stream, segment, '/');)
        segments.push_back(segment);
    return segments;
}

bool fits(const std::string& pattern, const std::string& target) {
    const auto wanted = segments_of(pattern);
    const auto given = segments_of(target);
    return std::equal(wanted.begin(), wanted.end(), given.begin(), given.end(),
                      [](const std::string& one, const std::string& other) {
                          return one == other || (one.starts_with('{') && !other.empty());
                      });
}

const std::string* header(const SeenAnswer& seen, const std::string& name) {
    for (const auto& [known, value] : seen.headers) {
        if (::strcasecmp(known.c_str(), name.c_str()) == 0) return &value;
    }
    return nullptr;
}

}  // namespace

OpenApiCheck::OpenApiCheck(const std::filesystem::path& json_file) {
    std::ifstream file(json_file);
    if (!file) throw std::runtime_error("no API description at " + json_file.string());
    document_ = json::parse(file);
}

const OpenApiCheck& OpenApiCheck::of_this_build() {
    static const OpenApiCheck check(
        std::filesystem::path(NDES_BINARY_DIR "/openapi/crp-v1.openapi.json"));
    return check;
}

const json& OpenApiCheck::resolved(const json& node) const {
    const auto reference = node.find("$ref");
    if (reference == node.end()) return node;
    return document_.at(json::json_pointer(reference->get<std::string>().substr(1)));
}

const json* OpenApiCheck::find_operation(const std::string& method,
                                         const std::string& target) const {
    std::string key = method == "HEAD" ? "get" : method;
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const auto& [path, item] : document_.at("paths").items()) {
        const auto operation = item.find(key);
        if (operation != item.end() && fits(path, target)) return &*operation;
    }
    return nullptr;
}

// The whole description is the schema's root, so that its references lead somewhere.
std::string OpenApiCheck::fault_in_value(const json& schema, const json& value) const {
    json root = {{"allOf", json::array({schema})}, {"components", document_.at("components")}};
    const valijson::adapters::NlohmannJsonAdapter adapter(root);
    valijson::Schema parsed;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(adapter, parsed);
    valijson::Validator validator;
    valijson::ValidationResults results;
    const valijson::adapters::NlohmannJsonAdapter target(value);
    if (validator.validate(parsed, target, &results)) return {};
    std::string text;
    valijson::ValidationResults::Error error;
    while (results.popError(error)) {
        for (const std::string& step : error.context)
            text += step;
        text += ": " + error.description + "; ";
    }
    return text.empty() ? "does not fit" : text;
}

std::string OpenApiCheck::fault_in_headers(const json& answer, const SeenAnswer& seen) const {
    const json headers = answer.value("headers", json::object());
    for (const auto& [name, description] : headers.items()) {
        const std::string* value = header(seen, name);
        const json& described = resolved(description);
        if (!value || !described.contains("schema")) continue;
        const bool is_number = described.at("schema").value("type", "") == "integer";
        const json read = is_number ? json::parse(*value, nullptr, false) : json(*value);
        if (std::string fault = fault_in_value(described.at("schema"), read); !fault.empty()) {
            return "header " + name + ": " + fault;
        }
    }
    return {};
}

std::string OpenApiCheck::fault_in_body(const json& answer, const SeenAnswer& seen) const {
    const json content = answer.value("content", json::object());
    if (content.empty()) return seen.body.empty() ? "" : "has a body, and should have none";
    const auto described = content.find(seen.content_type);
    if (described == content.end()) return "content type \"" + seen.content_type + "\"";
    if (seen.method == "HEAD" || !seen.content_type.ends_with("json")) return {};
    const json body = json::parse(seen.body, nullptr, false);
    if (body.is_discarded()) return "body is no JSON";
    return fault_in_value(described->at("schema"), body);
}

std::string OpenApiCheck::fault_in(const SeenAnswer& seen) const {
    const json problems = {
        {"responses", {{"default", {{"$ref", "#/components/responses/Problem"}}}}}};
    const json* operation = find_operation(seen.method, seen.target);
    const json& answers = (operation ? *operation : problems).at("responses");
    const std::string status = std::to_string(seen.status);
    const bool is_named = answers.contains(status) && answers.at(status).contains("content");
    const bool is_bodyless = seen.status == 204 || seen.status == 304;
    std::string fault;
    if (!is_named && !(answers.contains(status) && is_bodyless) && seen.status < 400) {
        fault = "the status is not described";
    } else {
        const bool by_name = is_named || is_bodyless;
        const json& answer = resolved(answers.at(by_name ? status : "default"));
        fault = fault_in_headers(answer, seen);
        if (fault.empty()) fault = fault_in_body(answer, seen);
    }
    return fault.empty() ? fault : seen.method + " " + seen.target + " " + status + ": " + fault;
}

}  // namespace ndes::test
