// Redaction: what leaves the house in a support bundle holds no challenge, key or password. Logs
// and settings hold none by themselves (files name secrets); this is the second line, for what
// somebody wrote where it does not belong. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace ndes::crp::cli {

inline constexpr std::string_view kRemoved = "[removed]";

// The value as it may be shown. Paths of secrets stay, secrets do not.
std::string masked_setting(std::string_view name, const std::string& value);

// Line by line: private keys, minted challenges, long base64, words after "password" and the like,
// user and password of an address. A line is cut after 8 KiB.
std::string masked_text(std::string_view text);

}  // namespace ndes::crp::cli
