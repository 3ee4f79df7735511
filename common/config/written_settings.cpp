#include "common/config/written_settings.h"

#include <algorithm>
#include <sstream>

#include <toml++/toml.h>

#include "common/file.h"

namespace ndes {
namespace {

std::string shown_node(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    std::ostringstream out;
    if (const auto* array = node.as_array()) {
        out << '[';
        for (std::size_t i = 0; i < array->size(); ++i)
            out << (i == 0 ? "" : ", ") << shown_node(*array->get(i));
        out << ']';
        return out.str();
    }
    node.visit([&](const auto& value) {
        if constexpr (!toml::is_container<decltype(value)>) out << value.get();
    });
    return out.str();
}

bool is_list_of_tables(const toml::node& node) {
    const auto* array = node.as_array();
    return array != nullptr && !array->empty() && array->is_array_of_tables();
}

void list_settings(const toml::table& table, const std::string& prefix,
                   std::vector<WrittenSetting>& found) {
    for (auto&& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        if (const auto* below = node.as_table()) {
            list_settings(*below, name + ".", found);
        } else if (is_list_of_tables(node)) {
            const toml::array& list = *node.as_array();
            for (std::size_t i = 0; i < list.size(); ++i)
                list_settings(*list.get(i)->as_table(), name + "[" + std::to_string(i) + "].",
                              found);
        } else {
            found.push_back({name, shown_node(node), key.source().begin.line});
        }
    }
}

}  // namespace

Result<std::vector<WrittenSetting>> written_settings(const std::filesystem::path& file) {
    const auto text = read_file(file);
    if (!text) return Failure(text.error());
    std::vector<WrittenSetting> found;
    try {
        list_settings(toml::parse(*text), {}, found);
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::configuration,
                    file.string() + ":" + std::to_string(error.source().begin.line) + ": not TOML");
    }
    std::ranges::stable_sort(found, {}, &WrittenSetting::line);
    return found;
}

}  // namespace ndes
