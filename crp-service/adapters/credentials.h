// Credentials: what the callers of adapters prove themselves with: the secrets of the
// [[caller.credential]] tables, and the ways in which protocols show them. Compared in constant
// time; an empty list of secrets meets nothing. Immutable once loaded; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/error.h"
#include "common/secret.h"
#include "crp-service/http/caller.h"

namespace ndes::crp {

struct Credential {
    std::string adapter;
    std::string id;      // as sent
    std::string caller;  // name of the [[caller]]
    std::vector<Secret> secrets;

    // True when `mac` is HMAC-SHA-256 of `message` under one of the secrets.
    bool signs(ByteView message, ByteView mac) const;
    // True when `given` is one of the secrets; their SHA-256 are compared.
    bool is(std::string_view given) const;
};

class Credentials {
  public:
    Credentials() = default;
    explicit Credentials(std::vector<Credential> credentials)
        : credentials_(std::move(credentials)) {}

    // Reads the secret files. configuration, naming the file and never what it holds.
    static Result<Credentials> load(const std::vector<CallerRule>& callers);

    // Null if there is none. Lives as long as this object.
    const Credential* find(std::string_view adapter, std::string_view id) const;

  private:
    std::vector<Credential> credentials_;
};

// Name and secret as a client sends them. Not to be kept.
struct NamedSecret {
    std::string name;
    std::string secret;
};

// "Basic BASE64" (RFC 7617); nothing if it is none.
std::optional<NamedSecret> read_basic(std::string_view authorization);
// "Bearer TOKEN" (RFC 6750); empty if it is none.
std::string_view read_bearer(std::string_view authorization);

}  // namespace ndes::crp
