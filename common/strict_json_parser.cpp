// parse_json: the half of strict_json.h that turns text into a tree.
#include "common/logging/cmtrace.h"
#include "common/strict_json.h"

namespace ndes {
namespace {

constexpr std::size_t kMaxDepth = 16;

// Receives nlohmann's parse events and builds the tree, stopping at the first breach. The
// library's own tree builder lets a later duplicate key silently win.
class TreeBuilder final : public nlohmann::json_sax<Json> {
  public:
    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t&) override { return add(value); }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t&) override { return stop("binary values are not JSON"); }

    bool start_object(std::size_t) override { return open(Json::object()); }
    bool start_array(std::size_t) override { return open(Json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }

    bool key(string_t& name) override {
        Level& level = levels_.back();
        const auto [member, added] =
            level.container->get_ref<Json::object_t&>().emplace(std::move(name), Json());
        level.key = &member->first;
        level.value = &member->second;
        return added || stop("duplicate field \"" + path() + "\"");
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        return stop("not JSON (at octet " + std::to_string(position) + ")");
    }

    Result<Json> result() {
        if (!fault_.empty()) return fail(ErrorCode::bad_request, std::move(fault_));
        return std::move(root_);
    }
    bool stop(std::string fault) {
        fault_ = std::move(fault);
        return false;
    }

  private:
    struct Level {
        Json* container = nullptr;
        const std::string* key = nullptr;  // of the member being read; null in an array
        Json* value = nullptr;             // where that member goes
    };

    // Pointers into the tree hold: a container gains nothing while one inside it is open.
    Json* place(Json&& value) {
        if (levels_.empty()) return &(root_ = std::move(value));
        Level& level = levels_.back();
        if (level.key != nullptr) return &(*level.value = std::move(value));
        return &level.container->emplace_back(std::move(value));
    }
    bool add(Json value) {
        place(std::move(value));
        return true;
    }
    bool open(Json container) {
        if (levels_.size() == kMaxDepth) return stop("nested more than 16 deep at " + path());
        levels_.push_back({place(std::move(container)), nullptr, nullptr});
        return true;
    }
    bool close() {
        levels_.pop_back();
        return true;
    }

    std::string path() const {
        std::string text;
        for (const Level& level : levels_) {
            if (level.key != nullptr) {
                text += (text.empty() ? "" : ".") + loggable(*level.key, 64);
                continue;
            }
            // An item still being read at the innermost level is not yet in the array.
            const bool counted = &level != &levels_.back();
            text += '[' + std::to_string(level.container->size() - (counted ? 1 : 0)) + ']';
        }
        return text;
    }

    Json root_;
    std::vector<Level> levels_;
    std::string fault_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, std::size_t limit) {
    if (text.size() > limit) {
        return fail(ErrorCode::too_large, "JSON text over " + std::to_string(limit) + " octets");
    }
    // The library takes NUL for the end of input and skips a byte order mark.
    if (text.find('\0') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) {
        return fail(ErrorCode::bad_request, "not JSON (NUL or byte order mark)");
    }
    TreeBuilder builder;
    Json::sax_parse(text.begin(), text.end(), &builder);
    return builder.result();
}

}  // namespace ndes
