#include "crp-service/adapters/foreign_json.h"

#include "common/logging/cmtrace.h"

namespace ndes::crp {

Json only_fields(const Json& object, std::initializer_list<const char*> fields) {
    if (!object.is_object()) return object;
    Json picked = Json::object();
    for (const char* field : fields) {
        if (object.contains(field)) picked[field] = object.at(field);
    }
    return picked;
}

std::string without_line_ends(std::string text) {
    std::erase_if(text, [](char c) { return c == '\r' || c == '\n'; });
    return text;
}

void join_lines(Json& object, std::string_view field) {
    if (!object.is_object() || !object.contains(field) || !object.at(field).is_string()) return;
    auto& text = object.at(field).get_ref<std::string&>();
    text = without_line_ends(std::move(text));
}

std::string told_text(const Json& object, std::string_view field) {
    if (!object.is_object()) return {};
    const auto found = object.find(field);
    if (found == object.end() || !found->is_string()) return {};
    return loggable(found->get_ref<const std::string&>());
}

}  // namespace ndes::crp
