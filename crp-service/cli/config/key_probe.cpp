#include "crp-service/cli/config/key_probe.h"

#include <deque>

#include "common/strict_json.h"

namespace ndes::crp::cli {

namespace {

struct KeyCounts {
    int asked = 0;     // runs that asked for the key
    int required = 0;  // runs that could not do without
};

class KeyProbe {
  public:
    explicit KeyProbe(const ConfigFileKind& kind) : kind_(kind) { todo_.push_back(Json::object()); }

    std::map<std::string, ProbedKey> run() {
        while (!todo_.empty()) {
            const Json file = std::move(todo_.front());
            todo_.pop_front();
            read(file);
        }
        for (auto& [name, probed] : found_) {
            const KeyCounts& count = counts_[name];
            probed.required = count.required > 0 && count.required == tables_[table_of(name)];
        }
        require_tables();
        return std::move(found_);
    }

  private:
    static std::string table_of(const std::string& name) {
        const std::size_t dot = name.rfind('.');
        return dot == std::string::npos ? std::string() : name.substr(0, dot);
    }

    // JSON with ':' as '=' is TOML's inline form, but for the outermost table.
    static std::string toml_of(const Json& value) {
        if (value.is_object()) {
            std::string text;
            for (const auto& [key, item] : value.items())
                text += (text.empty() ? "" : ", ") + key + " = " + toml_of(item);
            return "{" + text + "}";
        }
        if (!value.is_array()) return value.dump();
        std::string text;
        for (const Json& item : value)
            text += (text.empty() ? "" : ", ") + toml_of(item);
        return "[" + text + "]";
    }

    void read(const Json& file) {
        std::string text;
        for (const auto& [key, value] : file.items())
            text += key + " = " + toml_of(value) + "\n";
        auto opened = ConfigFile::parse(text, "probe.toml");
        if (!opened) return;
        static_cast<void>(kind_.read(*opened, "."));  // what it complains of does not matter
        std::map<std::string, bool> tables;
        for (const ConfigKey& key : opened->keys()) {
            tables[table_of(key.name)] = true;
            KeyCounts& count = counts_[key.name];
            ++count.asked;
            const bool is_table = key.kind == ConfigKind::table || key.kind == ConfigKind::tables;
            if (!is_table && !key.fallback) {
                ++count.required;
                if (file.empty()) needed_tables_.push_back(table_of(key.name));
            }
            if (found_.emplace(key.name, ProbedKey{key, false}).second) vary(file, key);
        }
        for (const auto& one : tables)
            ++tables_[one.first];
    }

    // What else the reader might ask for depends on this key's value.
    void vary(const Json& file, const ConfigKey& key) {
        const auto with = [&](const Json& value) {
            Json other = file;
            place_of_key(other, key.name) = value;
            todo_.push_back(std::move(other));
        };
        switch (key.kind) {
            case ConfigKind::table: return with(Json::object());
            case ConfigKind::tables: return with(Json::array({Json::object()}));
            case ConfigKind::boolean: return with(key.fallback != "true");
            case ConfigKind::bit: return with(key.fallback == "1" ? 0 : 1);
            case ConfigKind::text_list: return with(Json::array({"x"}));
            case ConfigKind::text:
            case ConfigKind::path: return with("x");
            case ConfigKind::integer: return with(key.most);
            case ConfigKind::duration: return with(std::to_string(key.most) + "ms");
            case ConfigKind::size: return with(std::to_string(key.most) + "B");
            case ConfigKind::choice:
                for (const std::string& word : key.words)
                    with(word);
        }
    }

    // "caller[].credential[].id": in the first item of each list, made where it is missing.
    static Json& place_of_key(Json& file, const std::string& name) {
        Json* at = &file;
        std::size_t from = 0;
        while (from <= name.size()) {
            const std::size_t dot = std::min(name.find('.', from), name.size());
            std::string part = name.substr(from, dot - from);
            const bool in_list = part.ends_with("[]");
            if (in_list) part.resize(part.size() - 2);
            at = &(*at)[part];
            if (in_list && (!at->is_array() || at->empty())) *at = Json::array({Json::object()});
            if (in_list) at = &(*at)[0];
            from = dot + 1;
        }
        return *at;
    }

    // A table that an empty file is told to lack something of.
    void require_tables() {
        for (const std::string& name : needed_tables_) {
            const auto table = found_.find(name);
            if (table != found_.end()) table->second.required = true;
        }
    }

    const ConfigFileKind& kind_;
    std::deque<Json> todo_;
    std::map<std::string, ProbedKey> found_;
    std::map<std::string, KeyCounts> counts_;
    std::map<std::string, int> tables_;  // runs that asked for any key of the table
    std::vector<std::string> needed_tables_;
};

}  // namespace

std::map<std::string, ProbedKey> probe_keys(const ConfigFileKind& kind) {
    return KeyProbe(kind).run();
}

}  // namespace ndes::crp::cli
