#include "crp-service/cli/init/config_text.h"

#include "common/strict_json.h"

namespace ndes::crp::cli {

namespace {

constexpr std::size_t kCommentColumn = 43;

// TOML's basic strings are written as JSON's.
std::string quoted_toml(std::string_view value) { return Json(value).dump(); }

}  // namespace

ConfigText::ConfigText(std::string_view comment) {
    while (!comment.empty()) {
        const std::size_t end = std::min(comment.find('\n'), comment.size());
        text_ += "# " + std::string(comment.substr(0, end)) + "\n";
        comment.remove_prefix(std::min(end + 1, comment.size()));
    }
}

void ConfigText::line(std::string line, std::string_view comment) {
    if (!comment.empty()) {
        line.resize(std::max(line.size() + 1, kCommentColumn), ' ');
        line += "# " + std::string(comment);
    }
    text_ += line + "\n";
}

void ConfigText::table(std::string_view name, std::string_view comment) {
    text_ += '\n';
    line("[" + std::string(name) + "]", comment);
}

void ConfigText::item(std::string_view name) { text_ += "\n[[" + std::string(name) + "]]\n"; }

void ConfigText::text(std::string_view key, std::string_view value, std::string_view comment) {
    word(key, quoted_toml(value), comment);
}

void ConfigText::list(std::string_view key, const std::vector<std::string>& items,
                      std::string_view comment) {
    std::string value;
    for (const std::string& item : items)
        value += (value.empty() ? "" : ", ") + quoted_toml(item);
    word(key, "[" + value + "]", comment);
}

void ConfigText::word(std::string_view key, std::string_view value, std::string_view comment) {
    line(std::string(key) + " = " + std::string(value), comment);
}

void ConfigText::hint(std::string_view text, std::string_view comment) {
    line("# " + std::string(text), comment);
}

}  // namespace ndes::crp::cli
