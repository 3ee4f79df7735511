#include "common/config/config_file.h"

#include <algorithm>

#include <unistd.h>

#include "common/config/config_node.h"
#include "common/config/did_you_mean.h"
#include "common/file.h"
#include "common/logging/cmtrace.h"

namespace ndes {
namespace {

namespace fs = std::filesystem;

// Tables merge by key; anything else, lists included, replaces what was there.
void merge(toml::table& into, toml::table&& from) {
    for (auto&& [key, node] : from) {
        toml::node* present = into.get(key);
        if (present != nullptr && present->is_table() && node.is_table()) {
            merge(*present->as_table(), std::move(*node.as_table()));
            continue;
        }
        into.erase(key);  // so that the key, too, tells its new place
        node.visit([&, &name = key](auto& value) { into.insert(name, std::move(value)); });
    }
}

void merge_text(ConfigDocument& document, std::string_view text, const std::string& place) {
    try {
        merge(document.merged, toml::parse(text, place));
    } catch (const toml::parse_error& error) {
        document.fault(origin_of(error.source(), document),
                       "not TOML: " + loggable(error.description()));
    }
}

void merge_file(ConfigDocument& document, const fs::path& path) {
    const auto text = read_file(path);
    if (!text) return document.fault({path.string(), 0, 0}, text.error().text);
    merge_text(document, *text, path.string());
}

std::vector<fs::path> additional_files(ConfigDocument& document) {
    std::vector<fs::path> files;
    const fs::path folder = document.file.parent_path() / "conf.d";
    std::error_code error;
    if (!fs::exists(folder, error)) return files;
    fs::directory_iterator entry(folder, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        if (entry->path().extension() == ".toml") files.push_back(entry->path());
    }
    if (error) document.fault({folder.string(), 0, 0}, "cannot list: " + error.message());
    std::sort(files.begin(), files.end());
    return files;
}

// NDES_SECTION__KEY; a name without the double underscore is somebody else's.
void take_environment(ConfigDocument& document) {
    for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string_view name = text.substr(0, equals);
        if (!name.starts_with(document.environment_prefix)) continue;
        if (name.find("__", document.environment_prefix.size()) == std::string_view::npos) continue;
        document.environment[std::string(name)] = {std::string(text.substr(equals + 1)), false};
    }
}

std::string unknown_key(const std::string& full_name, std::string_view key,
                        const std::set<std::string>& asked) {
    const std::string meant = did_you_mean(key, asked);
    return "unknown key " + loggable(full_name, 128) +
           (meant.empty() ? "" : ", did you mean " + meant + "?");
}

Result<void> report(ConfigDocument& document) {
    if (document.faults.empty()) return {};
    std::stable_sort(document.faults.begin(), document.faults.end());
    std::string text;
    for (const ConfigFault& fault : document.faults) {
        if (!text.empty()) text += '\n';
        text += fault.origin.place;
        if (fault.origin.line != 0) {
            text +=
                ":" + std::to_string(fault.origin.line) + ":" + std::to_string(fault.origin.column);
        }
        text += ": " + fault.text;
    }
    return fail(ErrorCode::configuration, std::move(text));
}

}  // namespace

// Everything in the files that no getter asked for.
void ConfigTable::Node::fault_unknown_keys() {
    if (table != nullptr) {
        for (auto&& [key, value] : *table) {
            if (asked.contains(std::string(key.str()))) continue;
            document->fault(origin_of(key.source(), *document),
                            unknown_key(full_name(key.str()), key.str(), asked));
        }
    }
    for (const auto& child : tables)
        child.second->fault_unknown_keys();
    for (const auto& list : lists) {
        for (const auto& child : list.second)
            child->fault_unknown_keys();
    }
}

// Variables of a section that is ours but of a key that is not. Sections nobody asked for belong
// to another program that shares the prefix: ndesd and the module it loads see one environment.
void ConfigTable::Node::fault_unknown_variables() {
    for (const auto& [name, child] : tables) {
        auto variable = document->environment.lower_bound(child->variable_prefix);
        for (; variable != document->environment.end(); ++variable) {
            if (!variable->first.starts_with(child->variable_prefix)) break;
            if (variable->second.used) continue;
            const std::string key = variable->first.substr(child->variable_prefix.size());
            document->fault({"environment " + variable->first, 0, 0},
                            unknown_key(child->full_name(key), key, child->asked));
        }
    }
    for (const auto& [name, items] : lists) {
        const std::string prefix = variable_below(name);
        const auto variable = document->environment.lower_bound(prefix);
        if (variable == document->environment.end()) continue;
        if (!variable->first.starts_with(prefix)) continue;
        document->fault({"environment " + variable->first, 0, 0},
                        "[[" + name + "]] cannot be set by environment");
    }
}

Result<ConfigFile> ConfigFile::load(const fs::path& path, std::string_view environment_prefix) {
    auto document = std::make_shared<ConfigDocument>();
    document->file = fs::absolute(path).lexically_normal();
    document->environment_prefix = environment_prefix;
    merge_file(*document, document->file);
    for (const fs::path& file : additional_files(*document))
        merge_file(*document, file);
    if (!environment_prefix.empty()) take_environment(*document);
    return from_document(std::move(document));
}

Result<ConfigFile> ConfigFile::parse(std::string_view toml, std::string_view name) {
    auto document = std::make_shared<ConfigDocument>();
    document->file = name;
    merge_text(*document, toml, std::string(name));
    return from_document(std::move(document));
}

Result<ConfigFile> ConfigFile::from_document(std::shared_ptr<ConfigDocument> document) {
    auto read = report(*document);
    if (!read) return pass_on(read);
    ConfigFile file;
    file.root_ = std::make_shared<ConfigTable::Node>();
    file.root_->table = &document->merged;
    file.root_->document = std::move(document);
    return file;
}

ConfigTable ConfigFile::root() {
    ConfigTable table;
    table.node_ = root_;
    return table;
}

std::vector<ConfigSetting> ConfigFile::settings() const { return root_->document->settings; }

std::vector<ConfigKey> ConfigFile::keys() const { return root_->document->keys; }

Result<void> ConfigFile::finish() {
    root_->fault_unknown_keys();
    root_->fault_unknown_variables();
    auto reported = report(*root_->document);
    root_->document->faults.clear();
    return reported;
}

}  // namespace ndes
