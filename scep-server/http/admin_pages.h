// The pages of the admin site. The phrases that programs look for in them are NDES' own, to the
// letter (README, "Admin site"), and so is the encoding: UTF-16LE with a byte order mark, as MDMs
// decode it whatever the header says. Pure functions of UTF-8; any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "common/crypto/certificate.h"

namespace ndes::scep {

inline constexpr const char* kPageType = "text/html; charset=utf-16";

// "5CD77826 BFA30E5B 0EEB1A44 6AEE40F8": MD5 over the certificate, as NDES shows it. It names a
// certificate to a human who compares; nothing here trusts it.
std::string md5_thumbprint(const Certificate& certificate);

struct ChallengePage {
    std::string thumbprint;
    std::string challenge;
    bool reusable = false;  // UseSinglePassword
    std::chrono::minutes validity{60};
};
std::string challenge_page(const ChallengePage& page);
std::string cache_full_page(std::chrono::minutes validity, std::size_t most);
std::string no_permission_page();
// A page with one sentence, escaped.
std::string plain_page(std::string_view sentence);

// For text inside an element or a quoted attribute.
std::string html_escaped(std::string_view text);

}  // namespace ndes::scep
