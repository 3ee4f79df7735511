// A numbered step of a database's schema, and what to say of a version that is not the program's:
// the same for every SQL backend. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/error.h"

namespace ndes::crp {

struct SchemaStep {
    std::string_view name;  // "0001_initial.sql"
    std::string_view sql;
};

inline std::string versions(std::int64_t found, std::int64_t needed) {
    return "the database has schema version " + std::to_string(found) + ", this program needs " +
           std::to_string(needed);
}

// configuration, with what to do, unless they are the same.
inline Result<void> judge_version(std::int64_t found, std::int64_t needed) {
    if (found == needed) return {};
    if (found > 0 && found < needed) {
        return fail(ErrorCode::configuration,
                    versions(found, needed) + "; run `crpctl db migrate`");
    }
    return fail(ErrorCode::configuration,
                versions(found, needed) + "; it was made by a newer program, use that one");
}

}  // namespace ndes::crp
