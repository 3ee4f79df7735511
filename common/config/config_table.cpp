// ConfigTable: the getters.
#include <algorithm>

#include "common/config/config_node.h"
#include "common/config/quantity.h"

namespace ndes {
namespace {

std::string range(const std::string& least, const std::string& most) {
    return "must be " + least + " to " + most;
}

std::filesystem::path resolve(const std::filesystem::path& folder,
                              const std::filesystem::path& path) {
    // An empty path means "none" and stays so.
    return path.empty() ? path : (folder / path).lexically_normal();
}

}  // namespace

bool ConfigTable::present() const {
    if (node_->table != nullptr) return true;
    const auto& environment = node_->document->environment;
    const auto first = environment.lower_bound(node_->variable_prefix);
    return !node_->variable_prefix.empty() && first != environment.end() &&
           first->first.starts_with(node_->variable_prefix);
}

std::string ConfigTable::text(std::string_view key, std::string_view fallback) {
    const ConfigValue value = node_->find_setting(key, fallback, {.kind = ConfigKind::text});
    if (!value) return std::string(fallback);
    if (auto text = value.text()) return *text;
    node_->fault_at(value.origin(), key, "must be a text in quotes, without control characters");
    return std::string(fallback);
}

std::string ConfigTable::required_text(std::string_view key) {
    const ConfigValue value = node_->find(key);
    node_->required.emplace(key);
    node_->note_key(key, {.kind = ConfigKind::text});
    if (!value) {
        node_->fault_at(node_->origin(), key, "is required");
        return {};
    }
    std::string found = text(key, "-");
    if (found.empty()) node_->fault_at(value.origin(), key, "must not be empty");
    return found;
}

std::vector<std::string> ConfigTable::text_list(std::string_view key) {
    const ConfigValue value = node_->find_setting(key, "[]", {.kind = ConfigKind::text_list});
    if (!value) return {};
    if (auto items = value.text_list()) return *items;
    node_->fault_at(value.origin(), key, "must be a list of texts in quotes");
    return {};
}

bool ConfigTable::boolean(std::string_view key, bool fallback) {
    const ConfigValue value =
        node_->find_setting(key, fallback ? "true" : "false", {.kind = ConfigKind::boolean});
    if (!value) return fallback;
    if (const auto boolean = value.boolean()) return *boolean;
    node_->fault_at(value.origin(), key, "must be true or false");
    return fallback;
}

bool ConfigTable::boolean_or_bit(std::string_view key, bool fallback) {
    const ConfigValue value =
        node_->find_setting(key, fallback ? "1" : "0", {.kind = ConfigKind::bit});
    if (!value) return fallback;
    if (const auto boolean = value.boolean()) return *boolean;
    const auto bit = value.integer();
    if (bit && (*bit == 0 || *bit == 1)) return *bit == 1;
    node_->fault_at(value.origin(), key, "must be 1 or 0, or true or false");
    return fallback;
}

std::int64_t ConfigTable::integer(std::string_view key, std::int64_t fallback, std::int64_t least,
                                  std::int64_t most) {
    const ConfigValue value = node_->find_setting(
        key, std::to_string(fallback), {.kind = ConfigKind::integer, .least = least, .most = most});
    if (!value) return fallback;
    const auto number = value.integer();
    if (!number) {
        node_->fault_at(value.origin(), key, "must be a whole number");
        return fallback;
    }
    if (*number >= least && *number <= most) return *number;
    node_->fault_at(value.origin(), key, range(std::to_string(least), std::to_string(most)));
    return fallback;
}

std::chrono::milliseconds ConfigTable::duration(std::string_view key,
                                                std::chrono::milliseconds fallback,
                                                std::chrono::milliseconds least,
                                                std::chrono::milliseconds most) {
    const ConfigValue value = node_->find_setting(
        key, format_duration(fallback),
        {.kind = ConfigKind::duration, .least = least.count(), .most = most.count()});
    if (!value) return fallback;
    const auto duration = parse_duration(value.text().value_or(""));
    if (!duration) {
        node_->fault_at(value.origin(), key,
                        "must be a text of a whole number and its unit (" +
                            std::string(kDurationUnits) + "), such as \"10s\"");
        return fallback;
    }
    if (*duration >= least && *duration <= most) return *duration;
    node_->fault_at(value.origin(), key, range(format_duration(least), format_duration(most)));
    return fallback;
}

std::size_t ConfigTable::size(std::string_view key, std::size_t fallback, std::size_t least,
                              std::size_t most) {
    const ConfigValue value = node_->find_setting(key, format_size(fallback),
                                                  {.kind = ConfigKind::size,
                                                   .least = static_cast<std::int64_t>(least),
                                                   .most = static_cast<std::int64_t>(most)});
    if (!value) return fallback;
    const auto octets = parse_size(value.text().value_or(""));
    if (!octets) {
        node_->fault_at(value.origin(), key,
                        "must be a text of a whole number and its unit (" +
                            std::string(kSizeUnits) + "), such as \"64KiB\"");
        return fallback;
    }
    if (*octets >= least && *octets <= most) return *octets;
    node_->fault_at(value.origin(), key, range(format_size(least), format_size(most)));
    return fallback;
}

std::string ConfigTable::choice(std::string_view key, std::string_view fallback,
                                const std::vector<std::string_view>& words) {
    const ConfigValue value = node_->find_setting(
        key, fallback, {.kind = ConfigKind::choice, .words = {words.begin(), words.end()}});
    if (!value) return std::string(fallback);
    const auto word = value.text();
    if (word && std::find(words.begin(), words.end(), *word) != words.end()) return *word;
    std::string known;
    for (const std::string_view choice : words) {
        known += (known.empty() ? "\"" : ", \"") + std::string(choice) + "\"";
    }
    node_->fault_at(value.origin(), key, "must be one of " + known);
    return std::string(fallback);
}

std::filesystem::path ConfigTable::path(std::string_view key,
                                        const std::filesystem::path& fallback) {
    const ConfigValue value =
        node_->find_setting(key, fallback.string(), {.kind = ConfigKind::path});
    if (!value) return resolve(node_->document->file.parent_path(), fallback);
    return resolve(value.folder(), text(key, ""));
}

std::filesystem::path ConfigTable::required_path(std::string_view key) {
    node_->note_key(key, {.kind = ConfigKind::path});
    const std::string text = required_text(key);
    return text.empty() ? std::filesystem::path() : resolve(node_->find(key).folder(), text);
}

ConfigTable ConfigTable::table(std::string_view key) {
    node_->note_key(key, {.kind = ConfigKind::table});
    auto known = node_->tables.find(key);
    if (known == node_->tables.end()) {
        auto child = std::make_shared<Node>();
        child->document = node_->document;
        child->path = node_->full_name(key);
        child->variable_prefix = node_->variable_below(key);
        if (const ConfigValue value = node_->find(key)) {
            child->table = value.node() == nullptr ? nullptr : value.node()->as_table();
            if (child->table == nullptr) node_->fault_at(value.origin(), key, "must be a table");
        }
        known = node_->tables.emplace(key, std::move(child)).first;
    }
    ConfigTable table;
    table.node_ = known->second;
    return table;
}

std::vector<ConfigTable> ConfigTable::tables(std::string_view key) {
    node_->note_key(key, {.kind = ConfigKind::tables});
    auto known = node_->lists.find(key);
    if (known == node_->lists.end()) {
        known = node_->lists.emplace(key, node_->make_list(key)).first;
    }
    std::vector<ConfigTable> tables(known->second.size());
    for (std::size_t i = 0; i < tables.size(); ++i)
        tables[i].node_ = known->second[i];
    return tables;
}

void ConfigTable::fault(std::string_view key, std::string_view what) {
    const ConfigValue value = node_->find(key);
    node_->fault_at(value ? value.origin() : node_->origin(), key, what);
}

}  // namespace ndes
