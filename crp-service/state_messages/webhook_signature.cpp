#include "crp-service/state_messages/webhook_signature.h"

#include "common/bytes.h"
#include "common/crypto/digest.h"
#include "common/file.h"

namespace ndes::crp {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kLeastOctets = 24;
constexpr std::size_t kMostOctets = 64;

}  // namespace

Result<Secret> read_webhook_secret(const std::filesystem::path& file) {
    auto contents = read_secret_file(file);
    if (!contents) return contents;
    std::string_view text = as_text(contents->expose());
    while (text.ends_with('\n') || text.ends_with('\r'))
        text.remove_suffix(1);
    if (text.starts_with(kPrefix)) text.remove_prefix(kPrefix.size());
    auto octets = from_base64(text);
    if (!octets || octets->size() < kLeastOctets || octets->size() > kMostOctets) {
        return fail(
            ErrorCode::configuration,
            file.string() + ": must hold base64 of 24 to 64 octets, after \"whsec_\" or not");
    }
    return Secret(std::move(*octets));
}

std::string sign_webhook(const std::vector<Secret>& secrets, std::string_view id,
                         std::string_view timestamp, std::string_view body) {
    std::string text;
    text.reserve(id.size() + timestamp.size() + body.size() + 2);
    text.append(id).append(".").append(timestamp).append(".").append(body);
    std::string signatures;
    for (const Secret& secret : secrets) {
        if (!signatures.empty()) signatures += ' ';
        signatures += "v1," + to_base64(hmac_sha256(secret.expose(), as_bytes(text)));
    }
    return signatures;
}

}  // namespace ndes::crp
