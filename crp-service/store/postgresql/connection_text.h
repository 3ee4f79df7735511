// How the server is reached, from the settings: libpq keywords, checked, with every value quoted.
// Never shown: a text from a file may hold a password. Pure but for reading that file.
#pragma once

#include <string>

#include "common/error.h"
#include "crp-service/store/store_factory.h"

namespace ndes::crp::pg {

// crpd's own. configuration when it is no libpq connection, names no user and database, or has a
// password in the settings themselves.
Result<std::string> connection_text(const StoreOptions& options);
// The owner's, for crpctl; crpd's own when none is given.
Result<std::string> owner_connection_text(const StoreOptions& options);

// The value of one keyword of a text that the functions above made; or "".
std::string keyword(const std::string& connection_text, const char* name);

// The same connection with no password in it, to be shown to other users of the machine.
std::string without_passwords(const std::string& connection_text);

// host:port/database, for messages.
std::string place_of(const std::string& connection_text);

}  // namespace ndes::crp::pg
