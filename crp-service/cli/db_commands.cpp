// crpctl db create|migrate|check|backup|restore|confirm-clock: the database is never made or
// changed by crpd itself.
#include <cstdio>
#include <string>
#include <utility>

#include "common/clock.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/database_place.h"

namespace ndes::crp::cli {

namespace {

int create(const StoreOptions& options) {
    if (auto done = create_store(options, system_clock()); !done) {
        return report_database(done.error());
    }
    std::printf("created %s\n", place_of(options).c_str());
    return kExitOk;
}

int migrate(const StoreOptions& options) {
    auto done = migrate_store(options, system_clock());
    if (!done) return report_database(done.error());
    std::printf("%s: schema version %d -> %d\n", place_of(options).c_str(), done->from, done->to);
    return kExitOk;
}

int check(const StoreOptions& options) {
    auto done = check_store(options);
    if (!done) return report_database(done.error());
    std::printf("%s\n", done->c_str());
    return kExitOk;
}

// The operator's word that the clock is right, where records of later times say that it is not.
int confirm_clock(const StoreOptions& options) {
    auto store = open_store(options, system_clock());
    if (!store) return report_database(store.error());
    auto newest = (*store)->last_recorded_time();
    if (!newest) return report_database(newest.error());
    AuditRecord record;
    record.time = system_clock().now();
    record.event = kClockConfirmed;
    record.outcome = "permit";
    if (*newest) record.facts = {{"newest", to_rfc3339(**newest)}};
    const std::string now = to_rfc3339(record.time);
    if (auto done = (*store)->append_audit(std::move(record)); !done) {
        return report_database(done.error());
    }
    std::printf("%s is taken for right\n", now.c_str());
    return kExitOk;
}

void add_verb(CLI::App& noun, const char* name, const char* text, int (*act)(const StoreOptions&),
              int& exit_code) {
    CLI::App* verb = noun.add_subcommand(name, text);
    const auto place = add_database_place(*verb);
    verb->callback([place, act, &exit_code] {
        auto options = store_options(*place);
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
    add_verb(*noun, "confirm-clock",
             "record that the clock is right though later times were recorded (stop crpd first)",
             confirm_clock, exit_code);
    add_backup_verb(*noun, exit_code);
    add_restore_verb(*noun, exit_code);
}

}  // namespace ndes::crp::cli
