// PasswordFile: user names and password hashes for Basic at the admin site.
// Knows no HTTP. Immutable; any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/error.h"
#include "common/random.h"

namespace ndes::scep {

// A line of the file for this user: NAME:$scrypt$ln=14,r=8,p=1$SALT$HASH (RFC 7914; 16 MiB of
// memory for each check). bad_request on an empty password or a name with ':'.
Result<std::string> hash_password(std::string_view name, std::string_view password, Random& random);

class PasswordFile {
  public:
    PasswordFile() = default;  // knows nobody

    // Reads a file that only its owner can read. configuration, or not_found, naming file and line.
    static Result<PasswordFile> load(const std::filesystem::path& path);

    // True if the password is this user's. Takes the same time for a user it does not know.
    bool matches(const std::string& name, std::string_view password) const;

  private:
    struct Entry {
        Bytes salt;
        Bytes hash;
    };
    std::map<std::string, Entry> entries_;
};

}  // namespace ndes::scep
