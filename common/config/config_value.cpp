// ConfigValue and ConfigTable::Node: finding one value and saying where it stands.
#include <algorithm>
#include <charconv>
#include <iterator>

#include "common/config/config_node.h"
#include "common/logging/cmtrace.h"
#include "common/utf8.h"

namespace ndes {
namespace {

char upper(char c) {
    if (c >= 'a' && c <= 'z') return static_cast<char>(c - 'a' + 'A');
    return c == '-' ? '_' : c;
}

// Variables hold lists as "one, two".
std::vector<std::string> split_at_commas(std::string_view text) {
    std::vector<std::string> items;
    while (!text.empty()) {
        const std::size_t comma = std::min(text.find(','), text.size());
        std::string_view item = text.substr(0, comma);
        while (item.starts_with(' '))
            item.remove_prefix(1);
        while (item.ends_with(' '))
            item.remove_suffix(1);
        items.emplace_back(item);
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return items;
}

// "caller[2].name" → "caller[].name"
std::string without_indices(std::string_view name) {
    std::string plain;
    bool inside = false;
    for (const char c : name) {
        if (c == ']') inside = false;
        if (!inside) plain += c;
        if (c == '[') inside = true;
    }
    return plain;
}

}  // namespace

std::optional<std::string> ConfigValue::text() const {
    std::optional<std::string> text = text_ ? text_ : node_->value_exact<std::string>();
    if (text && !is_utf8_without_controls(*text)) return {};
    return text;
}

std::optional<std::int64_t> ConfigValue::integer() const {
    if (!text_) return node_->value_exact<std::int64_t>();
    std::int64_t number = 0;
    const char* end = text_->data() + text_->size();
    const auto [stop, error] = std::from_chars(text_->data(), end, number);
    if (error != std::errc() || stop != end) return {};
    return number;
}

std::optional<bool> ConfigValue::boolean() const {
    if (!text_) return node_->value_exact<bool>();
    if (*text_ == "true") return true;
    if (*text_ == "false") return false;
    return {};
}

std::optional<std::vector<std::string>> ConfigValue::text_list() const {
    if (text_) return split_at_commas(*text_);
    const toml::array* array = node_->as_array();
    if (array == nullptr) return {};
    std::vector<std::string> items;
    for (const toml::node& item : *array) {
        auto text = item.value_exact<std::string>();
        if (!text || !is_utf8_without_controls(*text)) return {};
        items.push_back(std::move(*text));
    }
    return items;
}

std::string ConfigValue::shown() const {
    if (text_) return *text_;
    if (const auto plain = text()) return *plain;
    if (const auto items = text_list()) {
        std::string list;
        for (const std::string& item : *items)
            list += (list.empty() ? "" : ", ") + item;
        return "[" + list + "]";
    }
    if (const auto number = integer()) return std::to_string(*number);
    if (const auto truth = boolean()) return *truth ? "true" : "false";
    return "?";
}

ConfigOrigin origin_of(const toml::source_region& region, const ConfigDocument& document) {
    return {region.path ? *region.path : document.file.string(), region.begin.line,
            region.begin.column};
}

std::string ConfigTable::Node::full_name(std::string_view key) const {
    return path.empty() ? std::string(key) : path + "." + std::string(key);
}

std::string ConfigTable::Node::variable_of(std::string_view key) const {
    if (variable_prefix.empty()) return {};
    std::string name = variable_prefix;
    std::transform(key.begin(), key.end(), std::back_inserter(name), upper);
    return name;
}

std::string ConfigTable::Node::variable_below(std::string_view key) const {
    // Sections alone, and what is in them, are reached by variables; list items have no name.
    std::string name = path.empty() ? document->environment_prefix : variable_prefix;
    if (name.empty()) return {};
    std::transform(key.begin(), key.end(), std::back_inserter(name), upper);
    return name + "__";
}

ConfigOrigin ConfigTable::Node::origin() const {
    if (table != nullptr && !path.empty()) return origin_of(table->source(), *document);
    return {document->file.string(), 0, 0};
}

ConfigValue ConfigTable::Node::find(std::string_view key) {
    asked.emplace(key);
    const auto override = document->environment.find(variable_of(key));
    if (override != document->environment.end()) {
        override->second.used = true;
        return {override->second.value, ConfigOrigin{"environment " + override->first, 0, 0},
                document->file.parent_path()};
    }
    const toml::node* node = table == nullptr ? nullptr : table->get(key);
    if (node == nullptr) return {};
    ConfigOrigin origin = origin_of(node->source(), *document);
    std::filesystem::path folder = std::filesystem::path(origin.place).parent_path();
    return {*node, std::move(origin), std::move(folder)};
}

// The first getter to ask tells it; another one helps it, or asks again.
void ConfigTable::Node::note_key(std::string_view key, ConfigKey about) {
    about.name = without_indices(full_name(key));
    const auto same_name = [&](const ConfigKey& known) { return known.name == about.name; };
    if (std::ranges::none_of(document->keys, same_name)) document->keys.push_back(std::move(about));
}

ConfigValue ConfigTable::Node::find_setting(std::string_view key, std::string_view fallback,
                                            ConfigKey about) {
    ConfigValue value = find(key);
    about.fallback = fallback;
    note_key(key, std::move(about));
    ConfigSetting setting{full_name(key), std::string(fallback), "default", std::string(fallback)};
    if (required.contains(key)) setting.fallback.reset();
    if (value) {
        setting.value = value.shown();
        setting.origin = value.origin().place;
        if (value.origin().line != 0) setting.origin += ":" + std::to_string(value.origin().line);
    }
    const auto same_name = [&](const ConfigSetting& known) { return known.name == setting.name; };
    if (std::ranges::none_of(document->settings, same_name)) {
        document->settings.push_back(std::move(setting));
    }
    return value;
}

std::vector<std::shared_ptr<ConfigTable::Node>> ConfigTable::Node::make_list(std::string_view key) {
    std::vector<std::shared_ptr<Node>> list;
    const ConfigValue value = find(key);
    if (!value) return list;
    const toml::array* array = value.node() == nullptr ? nullptr : value.node()->as_array();
    if (array == nullptr || !(array->empty() || array->is_array_of_tables())) {
        fault_at(value.origin(), key, "must be a list of tables, each [[" + full_name(key) + "]]");
        return list;
    }
    for (const toml::node& item : *array) {
        auto node = std::make_shared<Node>();
        node->document = document;
        node->path = full_name(key) + "[" + std::to_string(list.size()) + "]";
        node->table = item.as_table();
        list.push_back(std::move(node));
    }
    return list;
}

void ConfigTable::Node::fault_at(const ConfigOrigin& origin, std::string_view key,
                                 std::string_view what) {
    document->fault(origin, loggable(full_name(key), 128) + ": " + std::string(what));
}

}  // namespace ndes
