// crpctl db backup|restore, and where any db verb finds its database.
#include <cstdio>
#include <string>

#include "common/clock.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/crpd_settings.h"
#include "crp-service/cli/database_place.h"
#include "crp-service/config.h"

namespace ndes::crp::cli {

namespace {

int backup(const DatabasePlace& place, const std::filesystem::path& to) {
    auto options = store_options(place);
    if (!options) return report(options.error());
    auto done = backup_store(*options, to);
    if (!done) return report_database(done.error());
    std::printf("%s: audit up to %lld %s\n", to.c_str(), static_cast<long long>(done->sequence),
                done->hash.c_str());
    return kExitOk;
}

int restore(const DatabasePlace& place, const RestoreOrder& order) {
    auto options = store_options(place);
    if (!options) return report(options.error());
    auto done = restore_store(*options, order, system_clock());
    if (!done) return report_database(done.error());
    std::printf("restored from %s (schema version %d); %lld unused challenges revoked\n",
                order.from.c_str(), done->schema_version,
                static_cast<long long>(done->challenges_revoked));
    if (!done->replaced.empty()) {
        std::printf("the database before it is now %s\n", done->replaced.c_str());
    }
    return kExitOk;
}

}  // namespace

int report_database(const Error& error) {
    if (error.text.find("held by another process") != std::string::npos) {
        return report(with_next_step(error, "stop crpd (systemctl stop crpd) and repeat this"));
    }
    if (error.code == ErrorCode::conflict) {
        return report(with_next_step(error, "choose another name, or move away what is there"));
    }
    return report(error);
}

std::shared_ptr<DatabasePlace> add_database_place(CLI::App& verb) {
    auto place = std::make_shared<DatabasePlace>();
    CLI::Option_group* group = verb.add_option_group("place", "where the database is");
    group->add_option("--config", place->config, "crpd's configuration file");
    group->add_option("--path", place->path, "the SQLite file itself");
    group->require_option(1);
    CLI::Option* owner =
        verb.add_option("--owner", place->owner,
                        "PostgreSQL: the schema's owner, as libpq keywords without a password");
    verb.add_option("--owner-file", place->owner_file, "the same from a file, mode 0600")
        ->excludes(owner);
    return place;
}

Result<StoreOptions> store_options(const DatabasePlace& place) {
    StoreOptions options;
    options.path = place.path;
    if (!place.config.empty()) {
        auto read = read_store_options(place.config);
        if (!read) return read;
        options = std::move(*read);
        options.connection_file = source_of_credential(
            options.connection_file, std::filesystem::absolute(place.config).parent_path());
    }
    options.owner_connection = place.owner;
    options.owner_connection_file = place.owner_file;
    return options;
}

void add_backup_verb(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("backup", "copy it to a new file; crpd may run");
    const auto place = add_database_place(*verb);
    const auto to = std::make_shared<std::filesystem::path>();
    verb->add_option("--to", *to, "the new file")->required();
    verb->callback([place, to, &exit_code] { exit_code = backup(*place, *to); });
}

void add_restore_verb(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("restore", "make it from a backup (stop crpd first)");
    const auto place = add_database_place(*verb);
    const auto order = std::make_shared<RestoreOrder>();
    verb->add_option("--from", order->from, "what backup made")->required();
    verb->add_flag("--replace", order->replace, "set aside a database that exists");
    verb->add_flag("--keep-challenges", order->keep_challenges,
                   "unused challenges stay valid: only if none was used since the backup");
    verb->callback([place, order, &exit_code] { exit_code = restore(*place, *order); });
}

}  // namespace ndes::crp::cli
