// The inside of ConfigTable and ConfigFile: the merged tree, the environment, the faults so far,
// and what has been asked for. Only this folder includes it. One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <toml++/toml.h>

#include "common/config/config_file.h"

namespace ndes {

// Where a value stands: in a file, or in an environment variable (`place` names it, line is 0).
struct ConfigOrigin {
    std::string place;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

struct ConfigFault {
    ConfigOrigin origin;
    std::string text;
    bool operator<(const ConfigFault& other) const {
        return std::tie(origin.place, origin.line, origin.column) <
               std::tie(other.origin.place, other.origin.line, other.origin.column);
    }
};

struct ConfigVariable {
    std::string value;
    bool used = false;
};

// What all tables of one configuration share.
struct ConfigDocument {
    std::filesystem::path file;  // the main one
    toml::table merged;
    std::string environment_prefix;
    std::map<std::string, ConfigVariable> environment;  // those with the prefix
    std::vector<ConfigFault> faults;
    std::vector<ConfigSetting> settings;  // in the order in which they were asked for
    std::vector<ConfigKey> keys;          // likewise

    void fault(ConfigOrigin origin, std::string text) {
        faults.push_back({std::move(origin), std::move(text)});
    }
};

// One value as found: a node of a file, or a variable's text. False if the key is absent.
class ConfigValue {
  public:
    ConfigValue() = default;
    ConfigValue(const toml::node& node, ConfigOrigin origin, std::filesystem::path folder)
        : node_(&node), origin_(std::move(origin)), folder_(std::move(folder)) {}
    ConfigValue(std::string text, ConfigOrigin origin, std::filesystem::path folder)
        : text_(std::move(text)), origin_(std::move(origin)), folder_(std::move(folder)) {}

    explicit operator bool() const { return node_ != nullptr || text_.has_value(); }
    const ConfigOrigin& origin() const { return origin_; }
    // That relative paths in this value start from.
    const std::filesystem::path& folder() const { return folder_; }

    // None if the value is of another type.
    std::optional<std::string> text() const;
    std::optional<std::int64_t> integer() const;
    std::optional<bool> boolean() const;
    std::optional<std::vector<std::string>> text_list() const;
    const toml::node* node() const { return node_; }
    std::string shown() const;  // for people: texts as they are, lists as [a, b]

  private:
    const toml::node* node_ = nullptr;
    std::optional<std::string> text_;
    ConfigOrigin origin_;
    std::filesystem::path folder_;
};

struct ConfigTable::Node {
    std::shared_ptr<ConfigDocument> document;
    std::string path;                    // "server", "caller[2]"; empty at the root
    std::string variable_prefix;         // "NDES_SERVER__"; empty where no variable can reach
    const toml::table* table = nullptr;  // null if absent from the files
    std::set<std::string> asked;
    std::set<std::string, std::less<>> required;  // by a getter
    std::map<std::string, std::shared_ptr<Node>, std::less<>> tables;
    std::map<std::string, std::vector<std::shared_ptr<Node>>, std::less<>> lists;

    std::string full_name(std::string_view key) const;
    std::string variable_of(std::string_view key) const;     // empty if none can override the key
    std::string variable_below(std::string_view key) const;  // likewise for the keys of a table
    ConfigOrigin origin() const;                             // of the table itself
    ConfigValue find(std::string_view key);                  // marks the key as asked for
    // And notes it, with what `about` tells of it; without a name or a fallback of its own.
    ConfigValue find_setting(std::string_view key, std::string_view fallback, ConfigKey about);
    void note_key(std::string_view key, ConfigKey about);
    std::vector<std::shared_ptr<Node>> make_list(std::string_view key);  // of an array of tables
    void fault_at(const ConfigOrigin& origin, std::string_view key, std::string_view what);
    void fault_unknown_keys();
    void fault_unknown_variables();  // of the root
};

ConfigOrigin origin_of(const toml::source_region& region, const ConfigDocument& document);

}  // namespace ndes
