#include "scep-server/enroll/challenge_seal.h"

#include <optional>
#include <utility>

#include "common/crypto/aead.h"
#include "common/crypto/digest.h"
#include "common/file.h"

namespace ndes::scep {
namespace {

// Unambiguous: neither identifier can hold a NUL.
Bytes associated_data(const SealContext& context) {
    std::string text = "ndesd " + std::string(context.purpose) + " 1";
    for (const std::string_view part : {context.transaction_id, context.request_id}) {
        text += '\0';
        text += part;
    }
    return to_bytes(as_bytes(text));
}

std::string_view trim(std::string_view text) {
    const auto last = text.find_last_not_of(" \t\r\n");
    return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

}  // namespace

Result<ChallengeSeal> ChallengeSeal::load(const std::filesystem::path& key_file, Random& random) {
    auto text = read_secret_file(key_file);
    if (!text) return pass_on(text, "journal key");
    auto key = from_hex(trim(as_text(text->expose())));
    if (!key || key->size() != kAeadKeyOctets)
        return fail(ErrorCode::configuration,
                    "journal key: " + key_file.string() + " must hold 64 hexadecimal digits");
    return ChallengeSeal(Secret(std::move(*key)), random);
}

Result<std::string> ChallengeSeal::seal(std::string_view challenge,
                                        const SealContext& context) const {
    if (challenge.empty()) return std::string();
    const Bytes sealed =
        aead_seal(key_.expose(), associated_data(context), as_bytes(challenge), *random_);
    if (sealed.empty()) return fail(ErrorCode::internal, "challenge: cannot be sealed");
    return to_base64url(sealed);
}

Result<Secret> ChallengeSeal::open(std::string_view sealed, const SealContext& context) const {
    if (sealed.empty()) return Secret();
    auto bytes = from_base64url(sealed);
    if (!bytes || bytes->size() < kAeadOverhead)
        return fail(ErrorCode::storage, "challenge: is not a sealed one");
    std::optional<Secret> opened = aead_open(key_.expose(), associated_data(context), *bytes);
    if (opened) return std::move(*opened);
    return fail(ErrorCode::storage,
                "challenge: cannot be opened with journal.key_file; was the key changed?");
}

std::string ChallengeSeal::hash(std::string_view password) const {
    const Secret key(hmac_sha256(key_.expose(), as_bytes("ndesd password hash 1")));
    return to_hex(hmac_sha256(key.expose(), as_bytes(password)));
}

}  // namespace ndes::scep
