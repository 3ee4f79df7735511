// ConfigText: writes a TOML file for people: tables, and keys with their comments in one column.
// One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ndes::crp::cli {

class ConfigText {
  public:
    // `comment`: lines without '#'.
    explicit ConfigText(std::string_view comment);

    void table(std::string_view name, std::string_view comment = {});  // [name]
    void item(std::string_view name);                                  // [[name]]
    void text(std::string_view key, std::string_view value, std::string_view comment = {});
    void list(std::string_view key, const std::vector<std::string>& items,
              std::string_view comment = {});
    void word(std::string_view key, std::string_view value, std::string_view comment = {});
    // A key that is not set: "# key = value   # comment".
    void hint(std::string_view line, std::string_view comment);

    const std::string& str() const { return text_; }

  private:
    void line(std::string line, std::string_view comment);
    std::string text_;
};

}  // namespace ndes::crp::cli
