#include "common/strict_json.h"

#include <algorithm>
#include <limits>

#include "common/logging/cmtrace.h"
#include "common/utf8.h"

namespace ndes {
namespace {

std::string over(std::size_t limit) { return "longer than " + std::to_string(limit) + " octets"; }

// What is wrong with `value` as a text of 1 (or 0) to `limit` octets; empty if nothing.
std::string fault_in_text(const Json& value, std::size_t limit, bool may_be_empty) {
    if (!value.is_string()) return "must be a text";
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty() && !may_be_empty) return "is empty";
    if (text.size() > limit) return over(limit);
    if (!is_utf8_without_controls(text)) return "holds control characters";
    return {};
}

}  // namespace

JsonReader::JsonReader(const Json& object, std::string path)
    : object_(object), path_(std::move(path)) {
    if (object_.is_object()) return;
    std::string name = path_.empty() ? "message" : path_;
    if (name.ends_with('.')) name.pop_back();
    first_fault_ = Error{ErrorCode::bad_request, name + ": must be an object", {}, std::nullopt};
}

const Json* JsonReader::take(std::string_view field) {
    known_.emplace_back(field);
    const auto found = object_.find(field);
    return found == object_.end() ? nullptr : &*found;
}

std::string JsonReader::path_of(std::string_view field) const { return path_ + std::string(field); }

void JsonReader::fault(std::string_view field, std::string_view what) {
    if (first_fault_) return;
    first_fault_ =
        Error{ErrorCode::bad_request, path_of(field) + ": " + std::string(what), {}, std::nullopt};
}

bool JsonReader::has(std::string_view field) const {
    const auto found = object_.find(field);
    return found != object_.end() && !found->is_null();
}

std::string JsonReader::text(std::string_view field, std::size_t limit, bool may_be_empty) {
    const Json* value = take(field);
    const std::string wrong =
        value == nullptr ? "is missing" : fault_in_text(*value, limit, may_be_empty);
    if (wrong.empty()) return value->get_ref<const std::string&>();
    fault(field, wrong);
    return {};
}

std::optional<std::string> JsonReader::optional_text(std::string_view field, std::size_t limit) {
    if (has(field)) return text(field, limit);
    take(field);
    return std::nullopt;
}

std::string JsonReader::text_or(std::string_view field, std::string fallback, std::size_t limit) {
    const Json* value = take(field);
    if (value == nullptr) return fallback;
    const std::string wrong = fault_in_text(*value, limit, true);
    if (wrong.empty()) return value->get_ref<const std::string&>();
    fault(field, wrong);
    return fallback;
}

std::vector<std::string> JsonReader::text_list(std::string_view field, std::size_t most_items,
                                               std::size_t limit) {
    std::vector<std::string> items;
    const Json* value = take(field);
    if (value == nullptr) return items;
    if (!value->is_array()) {
        fault(field, "must be a list of texts");
        return items;
    }
    if (value->size() > most_items) {
        fault(field, "has more than " + std::to_string(most_items) + " items");
        return items;
    }
    for (const Json& item : *value) {
        const std::string wrong = fault_in_text(item, limit, false);
        if (!wrong.empty()) {
            fault(std::string(field) + "[" + std::to_string(items.size()) + "]", wrong);
            return {};
        }
        items.push_back(item.get_ref<const std::string&>());
    }
    return items;
}

bool JsonReader::boolean_or(std::string_view field, bool fallback) {
    const Json* value = take(field);
    if (value == nullptr) return fallback;
    if (value->is_boolean()) return value->get<bool>();
    fault(field, "must be true or false");
    return fallback;
}

std::int64_t JsonReader::integer(std::string_view field, std::int64_t least, std::int64_t most) {
    const Json* value = take(field);
    if (value == nullptr) {
        fault(field, "is missing");
        return least;
    }
    if (!value->is_number_integer()) {
        fault(field, "must be an integer");
        return least;
    }
    constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const bool too_big = value->is_number_unsigned() && value->get<std::uint64_t>() > kMost;
    const std::int64_t number = too_big ? 0 : value->get<std::int64_t>();
    if (too_big || number < least || number > most) {
        fault(field, "must be " + std::to_string(least) + " to " + std::to_string(most));
        return least;
    }
    return number;
}

std::int64_t JsonReader::integer_or(std::string_view field, std::int64_t fallback,
                                    std::int64_t least, std::int64_t most) {
    if (object_.find(field) != object_.end()) return integer(field, least, most);
    take(field);
    return fallback;
}

Bytes JsonReader::base64(std::string_view field, std::size_t limit) {
    const Json* value = take(field);
    if (value == nullptr || !value->is_string()) {
        fault(field, value == nullptr ? "is missing" : "must be a base64 text");
        return {};
    }
    const auto& text = value->get_ref<const std::string&>();
    if (text.empty()) {
        fault(field, "is empty");
        return {};
    }
    if (text.size() > (limit + 2) / 3 * 4) {
        fault(field, over(limit));
        return {};
    }
    auto bytes = from_base64(text);
    if (!bytes) {
        fault(field, "not base64");
        return {};
    }
    if (bytes->size() > limit) {
        fault(field, over(limit));
        return {};
    }
    return std::move(*bytes);
}

std::optional<Bytes> JsonReader::optional_base64(std::string_view field, std::size_t limit) {
    if (has(field)) return base64(field, limit);
    take(field);
    return std::nullopt;
}

std::optional<WallTime> JsonReader::optional_time(std::string_view field) {
    const Json* value = take(field);
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (value->is_string()) {
        auto time = from_rfc3339(value->get_ref<const std::string&>());
        if (time) return *time;
    }
    fault(field, "must be an RFC 3339 time");
    return std::nullopt;
}

const Json* JsonReader::optional_object(std::string_view field) {
    const Json* value = take(field);
    if (value == nullptr || value->is_null()) return nullptr;
    if (value->is_object()) return value;
    fault(field, "must be an object");
    return nullptr;
}

const Json* JsonReader::optional_array(std::string_view field, std::size_t most_items) {
    const Json* value = take(field);
    if (value == nullptr || value->is_null()) return nullptr;
    if (!value->is_array()) {
        fault(field, "must be a list");
        return nullptr;
    }
    if (value->size() > most_items) {
        fault(field, "has more than " + std::to_string(most_items) + " items");
        return nullptr;
    }
    return value;
}

Result<void> JsonReader::finish() {
    if (first_fault_) return Failure(*first_fault_);
    for (const auto& member : object_.get_ref<const Json::object_t&>()) {
        if (std::find(known_.begin(), known_.end(), member.first) != known_.end()) continue;
        return fail(ErrorCode::bad_request,
                    "unknown field \"" + path_ + loggable(member.first, 64) + "\"");
    }
    return {};
}

}  // namespace ndes
