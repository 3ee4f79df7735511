#include "crp-service/cli/config/config_schema.h"

#include <charconv>
#include <map>
#include <sstream>
#include <string>

#include "crp-service/cli/config/key_probe.h"

namespace ndes::crp::cli {

namespace {

using Descriptions = std::map<std::string, std::string>;  // by name: "server.listen"

std::string trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

// The comment behind a value: the last " # " of the line, if any.
std::string comment_of(std::string_view line) {
    const std::size_t sign = line.rfind(" # ");
    return sign == std::string_view::npos ? std::string() : trimmed(line.substr(sign + 3));
}

// "[[caller]]" and "# [challenge]" → the prefix of the keys below; empty for another line.
std::string table_prefix(const std::string& line) {
    if (!line.starts_with('[')) return {};
    const bool is_list = line.starts_with("[[");
    const std::size_t end = line.find(']');
    if (end == std::string::npos) return {};
    const std::string name = line.substr(is_list ? 2 : 1, end - (is_list ? 2 : 1));
    return name + (is_list ? "[]." : ".");
}

bool is_key(std::string_view word) {
    return !word.empty() && word.find_first_not_of(
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
                                "UVWXYZ0123456789_-.") == std::string_view::npos;
}

// Lists within lists have "[]" after each name; the sample names the inner one by "[[a.b]]".
std::string plain_name(std::string name) {
    for (std::size_t at = name.find("[]"); at != std::string::npos; at = name.find("[]"))
        name.erase(at, 2);
    return name;
}

Descriptions read_descriptions(std::string_view sample) {
    Descriptions descriptions;
    std::istringstream lines{std::string(sample)};
    std::string line;
    std::string prefix;
    std::string last;  // that a line of comment alone goes on with
    while (std::getline(lines, line)) {
        if (line.starts_with("   ") && !last.empty()) {
            const std::size_t sign = line.find("# ");
            if (sign != std::string::npos)
                descriptions[last] += " " + trimmed(std::string_view(line).substr(sign + 2));
            continue;
        }
        last.clear();
        if (line.starts_with("# ")) line.erase(0, 2);
        if (const std::string table = table_prefix(line); !table.empty()) {
            prefix = table;
            continue;
        }
        const std::size_t equals = line.find(" = ");
        if (equals == std::string::npos || !is_key(std::string_view(line).substr(0, equals)))
            continue;
        const std::string comment = comment_of(line);
        if (comment.empty()) continue;
        last = plain_name(prefix + line.substr(0, equals));
        descriptions[last] = comment;
    }
    return descriptions;
}

Json default_of(const ConfigKey& key) {
    const std::string& text = *key.fallback;
    if (key.kind == ConfigKind::boolean) return text == "true";
    if (key.kind == ConfigKind::text_list) return Json::array();
    if (key.kind == ConfigKind::integer || key.kind == ConfigKind::bit) {
        std::int64_t number = 0;
        std::from_chars(text.data(), text.data() + text.size(), number);
        return number;
    }
    return text;
}

Json type_of(const ConfigKey& key) {
    switch (key.kind) {
        case ConfigKind::boolean: return {{"type", "boolean"}};
        case ConfigKind::bit: return {{"enum", Json::array({0, 1, false, true})}};
        case ConfigKind::text_list: return {{"type", "array"}, {"items", {{"type", "string"}}}};
        case ConfigKind::integer:
            return {{"type", "integer"}, {"minimum", key.least}, {"maximum", key.most}};
        case ConfigKind::duration:
            return {{"type", "string"}, {"pattern", "^[0-9]+(ms|s|min|h|d)$"}};
        case ConfigKind::size: return {{"type", "string"}, {"pattern", "^[0-9]+(B|KiB|MiB|GiB)$"}};
        case ConfigKind::choice: return {{"type", "string"}, {"enum", key.words}};
        default: return {{"type", "string"}};
    }
}

Json new_object() {
    return {{"type", "object"}, {"additionalProperties", false}, {"properties", Json::object()}};
}

// The object that has the key `name`, and the key's own last word.
std::pair<Json*, std::string> parent_of(Json& root, const std::string& name) {
    Json* at = &root;
    std::size_t from = 0;
    for (std::size_t dot = name.find('.'); dot != std::string::npos; dot = name.find('.', from)) {
        std::string part = name.substr(from, dot - from);
        const bool in_list = part.ends_with("[]");
        if (in_list) part.resize(part.size() - 2);
        at = &(*at)["properties"][part];
        if (in_list) at = &(*at)["items"];
        from = dot + 1;
    }
    return {at, name.substr(from)};
}

Json schema_of(const ProbedKey& probed, const Descriptions& descriptions) {
    const ConfigKey& key = probed.key;
    if (key.kind == ConfigKind::table) return new_object();
    if (key.kind == ConfigKind::tables) return {{"type", "array"}, {"items", new_object()}};
    Json schema = type_of(key);
    if (key.fallback) schema["default"] = default_of(key);
    const auto description = descriptions.find(plain_name(key.name));
    if (description != descriptions.end()) schema["description"] = description->second;
    return schema;
}

}  // namespace

Json config_schema(const ConfigFileKind& kind, std::string_view sample) {
    Json root = new_object();
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema";
    root["title"] = std::string(kind.stem) + ".toml";
    const Descriptions descriptions = read_descriptions(sample);
    for (const auto& [name, probed] : probe_keys(kind)) {  // a table comes before what it holds
        const auto [parent, word] = parent_of(root, name);
        (*parent)["properties"][word] = schema_of(probed, descriptions);
        if (probed.required) (*parent)["required"].push_back(word);
    }
    return root;
}

}  // namespace ndes::crp::cli
