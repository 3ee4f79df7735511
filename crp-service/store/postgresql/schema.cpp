#include "crp-service/store/postgresql/schema.h"

#include <string>

#include "crp-service/store/postgresql/connection_text.h"
#include "crp-service/store/postgresql/postgresql_store.h"

namespace ndes::crp {
namespace pg {
namespace {

constexpr const char* kHasSchema = "SELECT count(*) FROM pg_namespace WHERE nspname = 'crp'";
constexpr const char* kHasSteps =
    "SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'crp' AND c.relname = 'schema_step'";
constexpr const char* kVersion = "SELECT coalesce(max(version), 0) FROM schema_step";
constexpr const char* kIsTooMighty = R"(SELECT (
    has_table_privilege('crp.audit', 'UPDATE') OR has_table_privilege('crp.audit', 'DELETE') OR
    has_table_privilege('crp.audit', 'TRUNCATE') OR
    has_table_privilege('crp.audit_checkpoint', 'UPDATE') OR
    has_table_privilege('crp.audit_checkpoint', 'DELETE') OR
    has_schema_privilege('crp', 'CREATE'))::integer)";
constexpr const char* kIsMightyEnough = R"(SELECT (
    has_table_privilege('crp.audit', 'INSERT') AND has_table_privilege('crp.decision', 'INSERT') AND
    has_table_privilege('crp.delivery', 'DELETE') AND
    has_table_privilege('crp.sink_lease', 'UPDATE'))::integer)";
constexpr const char* kHasRole = "SELECT count(*) FROM pg_roles WHERE rolname = $1";
constexpr const char* kCurrentUser = "SELECT current_user::text";
constexpr const char* kDamagedIndexes =
    "SELECT count(*) FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid "
    "JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = 'crp' AND NOT i.indisvalid";
constexpr const char* kFsync = "SHOW fsync";

Result<std::string> text_of(Connection& connection, const char* sql) {
    auto rows = connection.ask_text(sql);
    if (!rows) return pass_on(rows);
    return rows->empty() ? std::string() : rows->row(0).text();
}

std::int64_t newest() { return static_cast<std::int64_t>(schema_steps().size()); }

Result<std::int64_t> version_of(Connection& connection) {
    auto is_ours = number_of(connection, kHasSteps);
    if (!is_ours) return pass_on(is_ours);
    if (*is_ours == 0) {
        return fail(ErrorCode::configuration,
                    "the database has no schema of crpd; run `crpctl db create`");
    }
    return number_of(connection, kVersion);
}

std::string grants_for(const std::string& role) {
    std::string script(schema_grants().front().sql);
    for (std::size_t at = 0; (at = script.find(":role", at)) != std::string::npos;)
        script.replace(at, 5, identifier(role));
    return script + ";";
}

// The steps after `version`, up to `last`, as one transaction; with the last of all, the grants.
Result<void> apply(Connection& connection, std::int64_t version, std::int64_t last,
                   const std::string& role, const Clock& clock) {
    std::string script = "BEGIN; ";
    if (version == 0) script += "CREATE SCHEMA crp; ";
    while (version < last) {
        const SchemaStep& step = schema_steps()[static_cast<std::size_t>(version++)];
        script += std::string(step.sql) +
                  "; INSERT INTO schema_step (version, applied_at) VALUES (" +
                  std::to_string(version) + ", " + std::to_string(to_unix_ms(clock.now())) + "); ";
    }
    if (version == newest()) script += grants_for(role);
    auto done = connection.run_script(script + " COMMIT;");
    if (!done && !connection.is_lost()) static_cast<void>(connection.run_script("ROLLBACK"));
    return done;
}

}  // namespace

Result<std::int64_t> number_of(Connection& connection, const char* sql, const Values& values) {
    auto rows = connection.ask_text(sql, values);
    if (!rows) return pass_on(rows);
    return rows->empty() ? 0 : rows->row(0).integer();
}

Result<bool> has_schema(Connection& connection) {
    auto found = number_of(connection, kHasSchema);
    if (!found) return pass_on(found);
    return *found != 0;
}

std::string identifier(const std::string& name) {
    std::string text = "\"";
    for (const char c : name) {
        if (c == '"') text += '"';
        text += c;
    }
    return text + "\"";
}

Result<void> make_role(Connection& connection, const std::string& role) {
    auto user = text_of(connection, kCurrentUser);
    if (!user) return pass_on(user);
    if (*user == role) {
        return fail(ErrorCode::configuration,
                    "crpd's role " + role + " must not own the schema; name the owner by --owner");
    }
    auto exists = number_of(connection, kHasRole, Values(role));
    if (!exists) return pass_on(exists);
    if (*exists != 0) return {};
    auto made = connection.run_script("CREATE ROLE " + identifier(role) + " LOGIN");
    if (!made) return pass_on(made, "role " + role);
    return {};
}

Result<Owner> open_owner(const StoreOptions& options) {
    auto own = connection_text(options);
    if (!own) return pass_on(own);
    auto text = owner_connection_text(options);
    if (!text) return pass_on(text);
    auto connection = Connection::open(*text);
    if (!connection) return pass_on(connection);
    return Owner{std::move(*connection), keyword(*own, "user")};
}

Result<void> check_schema(Connection& connection) {
    auto version = version_of(connection);
    if (!version) return pass_on(version);
    return judge_version(*version, newest());
}

Result<void> check_role(Connection& connection) {
    auto user = text_of(connection, kCurrentUser);
    if (!user) return pass_on(user);
    auto too_mighty = number_of(connection, kIsTooMighty);
    if (!too_mighty) return pass_on(too_mighty);
    if (*too_mighty != 0) {
        return fail(ErrorCode::configuration,
                    "role " + *user +
                        " may change the audit or the schema; crpd works only as a role that may "
                        "not, such as `crpctl db create` makes");
    }
    auto mighty_enough = number_of(connection, kIsMightyEnough);
    if (!mighty_enough) return pass_on(mighty_enough);
    if (*mighty_enough != 0) return {};
    return fail(ErrorCode::configuration,
                "role " + *user + " may not write; run `crpctl db migrate` as the owner");
}

}  // namespace pg

Result<void> create_postgresql_schema(const StoreOptions& options, const Clock& clock) {
    auto owner = pg::open_owner(options);
    if (!owner) return pass_on(owner);
    pg::Connection& connection = *owner->connection;
    auto exists = pg::has_schema(connection);
    if (!exists) return pass_on(exists);
    if (*exists) {
        return fail(ErrorCode::conflict,
                    "schema crp of " + postgresql_place(options) + " exists already");
    }
    if (auto made = pg::make_role(connection, owner->role); !made) return made;
    return pg::apply(connection, 0, pg::newest(), owner->role, clock);
}

Result<Migration> migrate_postgresql_schema(const StoreOptions& options, const Clock& clock) {
    auto owner = pg::open_owner(options);
    if (!owner) return pass_on(owner);
    pg::Connection& connection = *owner->connection;
    auto from = pg::version_of(connection);
    if (!from) return pass_on(from);
    if (*from < 1 || *from > pg::newest()) {
        return fail(ErrorCode::configuration, versions(*from, pg::newest()));
    }
    if (auto made = pg::make_role(connection, owner->role); !made) return pass_on(made);
    for (std::int64_t version = *from; version < pg::newest(); ++version) {
        auto done = pg::apply(connection, version, version + 1, owner->role, clock);
        if (!done) return pass_on(done);
    }
    if (*from == pg::newest()) {
        auto granted = connection.run_script(pg::grants_for(owner->role));
        if (!granted) return pass_on(granted);
    }
    return Migration{static_cast<int>(*from), static_cast<int>(pg::newest())};
}

Result<std::string> check_postgresql_database(const StoreOptions& options) {
    auto text = pg::owner_connection_text(options);
    if (!text) return pass_on(text);
    auto connection = pg::Connection::open(*text);
    if (!connection) return pass_on(connection);
    const std::string place = postgresql_place(options);
    if (auto known = pg::check_schema(**connection); !known) return pass_on(known, place);
    auto damaged = pg::number_of(**connection, pg::kDamagedIndexes);
    if (!damaged) return pass_on(damaged);
    if (*damaged != 0) return fail(ErrorCode::storage, place + ": an index is damaged; REINDEX it");
    auto fsync = pg::text_of(**connection, pg::kFsync);
    if (!fsync) return pass_on(fsync);
    return place + ": schema version " + std::to_string(pg::newest()) + ", indexes ok" +
           (*fsync == "on" ? "" : ", fsync is " + *fsync + ": a power loss destroys it");
}

std::string postgresql_place(const StoreOptions& options) {
    auto text = pg::connection_text(options);
    return text ? "postgresql:" + pg::place_of(*text) : "postgresql";
}

}  // namespace ndes::crp
