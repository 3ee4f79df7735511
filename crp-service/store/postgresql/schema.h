// The version of a PostgreSQL database against the program's, and what crpd's role may do.
// Knows no table but schema_step and the audit. The steps are schema/postgresql/NNNN_*.sql,
// compiled in. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "common/error.h"
#include "crp-service/store/postgresql/connection.h"
#include "crp-service/store/schema_step.h"
#include "crp-service/store/store_factory.h"

namespace ndes::crp::pg {

// In order; step N (from 1) leads from version N-1 to version N.
std::span<const SchemaStep> schema_steps();
// What crpd's role may do; one script in which :role stands for it.
std::span<const SchemaStep> schema_grants();

// configuration unless the database is ours and has this program's version.
Result<void> check_schema(Connection& connection);

// configuration when the session's role could change the audit or the schema, or when it cannot
// do what crpd has to.
Result<void> check_role(Connection& connection);

// The owner's session, and the name of crpd's role.
struct Owner {
    std::unique_ptr<Connection> connection;
    std::string role;
};
Result<Owner> open_owner(const StoreOptions& options);
// Makes the role if there is none. configuration when the session is that role's own.
Result<void> make_role(Connection& connection, const std::string& role);

// The number that a statement answers with; 0 for no row.
Result<std::int64_t> number_of(Connection& connection, const char* sql,
                               const Values& values = Values());
// Whether there is a schema "crp", ours or not.
Result<bool> has_schema(Connection& connection);
std::string identifier(const std::string& name);  // quoted, for SQL

}  // namespace ndes::crp::pg
