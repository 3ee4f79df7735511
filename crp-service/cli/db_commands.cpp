// crpctl db create|migrate|check: the database is never made or changed by crpd itself.
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>

#include "common/clock.h"
#include "crp-service/cli/commands.h"
#include "crp-service/config.h"
#include "crp-service/store/store_factory.h"

namespace ndes::crp::cli {

namespace {

struct Where {
    std::filesystem::path config;
    std::filesystem::path path;
    std::string owner;
    std::filesystem::path owner_file;
};

Result<StoreOptions> store_options(const Where& where) {
    StoreOptions options;
    options.path = where.path;
    if (!where.config.empty()) {
        auto read = read_store_options(where.config);
        if (!read) return read;
        options = std::move(*read);
    }
    options.owner_connection = where.owner;
    options.owner_connection_file = where.owner_file;
    return options;
}

int create(const StoreOptions& options) {
    if (auto done = create_store(options, system_clock()); !done) return report(done.error());
    std::printf("created %s\n", place_of(options).c_str());
    return kExitOk;
}

int migrate(const StoreOptions& options) {
    auto done = migrate_store(options, system_clock());
    if (!done) return report(done.error());
    std::printf("%s: schema version %d -> %d\n", place_of(options).c_str(), done->from, done->to);
    return kExitOk;
}

int check(const StoreOptions& options) {
    auto done = check_store(options);
    if (!done) return report(done.error());
    std::printf("%s\n", done->c_str());
    return kExitOk;
}

void add_verb(CLI::App& noun, const char* name, const char* text, int (*act)(const StoreOptions&),
              int& exit_code) {
    const auto where = std::make_shared<Where>();
    CLI::App* verb = noun.add_subcommand(name, text);
    CLI::Option_group* place = verb->add_option_group("place", "where the database is");
    place->add_option("--config", where->config, "crpd's configuration file");
    place->add_option("--path", where->path, "the SQLite file itself");
    place->require_option(1);
    CLI::Option* owner = verb->add_option(
        "--owner", where->owner,
        "PostgreSQL: the schema's owner, as libpq keywords without a password");
    verb->add_option("--owner-file", where->owner_file, "the same from a file, mode 0600")
        ->excludes(owner);
    verb->callback([where, act, &exit_code] {
        auto options = store_options(*where);
        exit_code = options ? act(*options) : report(options.error());
    });
}

}  // namespace

void add_db_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("db", "the database");
    noun->require_subcommand(1);
    add_verb(*noun, "create", "make a new, empty one; refuses an existing file", create, exit_code);
    add_verb(*noun, "migrate", "bring it to this program's schema (stop crpd first)", migrate,
             exit_code);
    add_verb(*noun, "check", "schema version and integrity", check, exit_code);
}

}  // namespace ndes::crp::cli
