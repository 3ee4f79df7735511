// ConfigFile: strict reading of a TOML file, its conf.d folder and the environment.
// All faults are gathered and reported together with file, line and column; nothing starts while
// there is one. Knows no setting by name. One thread, at start.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/error.h"

namespace ndes {

class ConfigFile;
struct ConfigDocument;

// One table. A getter notes a fault and returns the default when the value is absent (and was
// required), of another type, out of range or without its unit; finish() tells them all.
class ConfigTable {
  public:
    // True if a file has the table or the environment a variable of it.
    bool present() const;

    std::string text(std::string_view key, std::string_view fallback);
    std::string required_text(std::string_view key);  // and not empty
    // Absent → empty. In a variable: items with commas between them.
    std::vector<std::string> text_list(std::string_view key);
    bool boolean(std::string_view key, bool fallback);
    // true, false, 1 or 0.
    bool boolean_or_bit(std::string_view key, bool fallback);
    std::int64_t integer(std::string_view key, std::int64_t fallback, std::int64_t least,
                         std::int64_t most);
    // Text with a unit: "250ms", "10s", "5min", "2h", "7d".
    std::chrono::milliseconds duration(std::string_view key, std::chrono::milliseconds fallback,
                                       std::chrono::milliseconds least,
                                       std::chrono::milliseconds most);
    // Text with a unit: "512B", "64KiB", "4MiB".
    std::size_t size(std::string_view key, std::size_t fallback, std::size_t least,
                     std::size_t most);
    // One of `words`.
    std::string choice(std::string_view key, std::string_view fallback,
                       const std::vector<std::string_view>& words);
    // A path; a relative one is taken from the folder of the file that names it, one from a
    // variable or the fallback from that of the main file. Empty stays empty and means none.
    std::filesystem::path path(std::string_view key, const std::filesystem::path& fallback = {});
    std::filesystem::path required_path(std::string_view key);

    ConfigTable table(std::string_view key);                // [key]
    std::vector<ConfigTable> tables(std::string_view key);  // [[key]]

    // Notes a fault of the caller's own at `key` ("must be later than …").
    void fault(std::string_view key, std::string_view what);

  private:
    friend class ConfigFile;
    struct Node;
    std::shared_ptr<Node> node_;
};

// One setting as it is in force, whoever set it.
struct ConfigSetting {
    std::string name;    // "server.listen", "caller[0].name"
    std::string value;   // as written; the default's text if nobody wrote it
    std::string origin;  // "/etc/…/crpd.toml:12", "environment NDES_SERVER__LISTEN" or "default"
    std::optional<std::string> fallback;  // the default's text; none: must be set
};

// What a getter takes for a value; `bit` is boolean_or_bit().
enum class ConfigKind {
    text,
    path,
    text_list,
    boolean,
    bit,
    integer,
    duration,
    size,
    choice,
    table,
    tables
};

// One key that a getter has asked for, whether it is set or not.
struct ConfigKey {
    std::string name = {};  // "server.listen", "caller[].name"
    ConfigKind kind = ConfigKind::text;
    std::optional<std::string> fallback = {};  // the default's text; none: must be set
    std::int64_t least = 0;                    // integers; octets of a size, ms of a duration
    std::int64_t most = 0;
    std::vector<std::string> words = {};  // choices
};

class ConfigFile {
  public:
    // Reads `path`, then `path`'s sibling folder conf.d/*.toml in lexical order (later wins by
    // key), then environment variables `prefix` + "SECTION__KEY" (e.g. NDES_SERVER__LISTEN).
    // Section and key in upper case, '-' as '_'; keys outside a section and lists of tables cannot
    // be set so. A variable of a section that no getter asks for is left to other programs.
    // configuration, naming every file that cannot be read or, with line and column, is not TOML.
    static Result<ConfigFile> load(const std::filesystem::path& path,
                                   std::string_view environment_prefix = "NDES_");
    static Result<ConfigFile> parse(std::string_view toml, std::string_view name);  // for tests

    ConfigTable root();

    // Adds a fault for each key that no getter asked for ("unknown key …, did you mean …?") and
    // returns them all in one configuration error, one a line; success if there is none.
    Result<void> finish();

    // Every setting that a getter has asked for so far.
    std::vector<ConfigSetting> settings() const;

    // Every key that a getter has asked for so far, each once.
    std::vector<ConfigKey> keys() const;

  private:
    static Result<ConfigFile> from_document(std::shared_ptr<ConfigDocument> document);
    std::shared_ptr<ConfigTable::Node> root_;
};

// "127.0.0.1:8080" or "[::1]:8080" → address and port (0: the system chooses); configuration
// otherwise. No host names: what is listened on must not depend on a resolver.
struct ListenAddress {
    std::string address;
    std::uint16_t port = 0;
};
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace ndes
