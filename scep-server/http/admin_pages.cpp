#include "scep-server/http/admin_pages.h"

#include <algorithm>

#include <openssl/evp.h>

#include "common/utf8.h"

namespace ndes::scep {
namespace {

void append_unit(std::string& out, char32_t unit) {
    out += static_cast<char>(unit & 0xFF);
    out += static_cast<char>(unit >> 8 & 0xFF);
}

// With a byte order mark, by which browsers know it, too.
std::string to_utf16le(std::string_view text) {
    std::string out;
    append_unit(out, 0xFEFF);
    while (!text.empty()) {
        const Utf8Step step = first_utf8(text);
        text.remove_prefix(step.length);
        if (step.code_point < 0x10000) {
            append_unit(out, step.code_point);
            continue;
        }
        append_unit(out, 0xD800 + ((step.code_point - 0x10000) >> 10));
        append_unit(out, 0xDC00 + ((step.code_point - 0x10000) & 0x3FF));
    }
    return out;
}

std::string page(const std::string& body) {
    return to_utf16le(
        "<!DOCTYPE html>\n<html lang=\"en\"><head>"
        "<title>Network Device Enrollment Service</title></head><body>\n"
        "<h1>Network Device Enrollment Service</h1>\n"
        "<p>Network Device Enrollment Service allows you to obtain certificates for routers or "
        "other network devices using the Simple Certificate Enrollment Protocol (SCEP).</p>\n" +
        body + "</body></html>\n");
}

std::string minutes(std::chrono::minutes count) { return std::to_string(count.count()); }

}  // namespace

std::string html_escaped(std::string_view text) {
    std::string escaped;
    for (const char letter : text)
        switch (letter) {
            case '&': escaped += "&amp;"; break;
            case '<': escaped += "&lt;"; break;
            case '>': escaped += "&gt;"; break;
            case '"': escaped += "&quot;"; break;
            case '\'': escaped += "&#39;"; break;
            default: escaped += letter;
        }
    return escaped;
}

std::string md5_thumbprint(const Certificate& certificate) {
    Bytes digest(16);
    const Bytes& der = certificate.der();
    if (::EVP_Digest(der.data(), der.size(), digest.data(), nullptr, ::EVP_md5(), nullptr) != 1)
        return {};
    std::string text = to_hex(digest);
    std::ranges::transform(text, text.begin(), [](char letter) {
        return letter >= 'a' ? static_cast<char>(letter - 'a' + 'A') : letter;
    });
    for (const std::size_t gap : {24U, 16U, 8U})
        text.insert(gap, " ");
    return text;
}

std::string challenge_page(const ChallengePage& facts) {
    const std::string life = facts.reusable
                                 ? "This password can be used multiple times and will not expire."
                                 : "This password can be used only once and will expire within " +
                                       minutes(facts.validity) + " minutes.";
    return page(
        "<p>To complete certificate enrollment for your network device you will need the "
        "following information:</p>\n"
        "<p>The thumbprint (hash value) for the CA certificate is: <B> " +
        html_escaped(facts.thumbprint) +
        " </B></p>\n"
        "<p>The enrollment challenge password is: <B> " +
        html_escaped(facts.challenge) + " </B></p>\n<p>" + life +
        "</p>\n<p>Each enrollment requires a new challenge password. You can refresh this web "
        "page to obtain a new challenge password.</p>\n");
}

std::string cache_full_page(std::chrono::minutes validity, std::size_t most) {
    return page(
        "<p>The password cache is full.</p>\n"
        "<p>Network Device Enrollment Service stores unused passwords for later use; here for " +
        minutes(validity) +
        " minutes. Use one of the existing passwords. If you cannot use an existing password:</p>\n"
        "<ul><li>Wait until one or more existing passwords expire.</li>\n"
        "<li>Let the service keep more than " +
        std::to_string(most) + " passwords (PasswordMax).</li></ul>\n");
}

std::string no_permission_page() {
    return page(
        "<p>You do not have sufficient permission to enroll with SCEP.  Please contact your "
        "system administrator.</p>\n");
}

std::string plain_page(std::string_view sentence) {
    return page("<p>" + html_escaped(sentence) + "</p>\n");
}

}  // namespace ndes::scep
