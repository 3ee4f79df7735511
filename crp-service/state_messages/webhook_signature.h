// Webhook signatures as Standard Webhooks 1.0 has them (standardwebhooks.com): HMAC-SHA256 over
// "ID.TIMESTAMP.BODY". Pure but for reading the files; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/secret.h"

namespace ndes::crp {

// A file with "whsec_" and base64, or base64 alone: 24 to 64 octets. configuration, naming the file
// and never what it holds.
Result<Secret> read_webhook_secret(const std::filesystem::path& file);

// "v1,BASE64" for each secret, a space between them. `timestamp`: whole seconds since 1970.
std::string sign_webhook(const std::vector<Secret>& secrets, std::string_view id,
                         std::string_view timestamp, std::string_view body);

}  // namespace ndes::crp
