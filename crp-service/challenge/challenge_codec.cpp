#include "crp-service/challenge/challenge_codec.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/crypto/aead.h"
#include "common/crypto/digest.h"
#include "crp-service/challenge/minted_claims.h"

namespace ndes::crp {
namespace {

// Another prefix than a token's, and part of the associated data: a sealed text can never be
// presented as a challenge, nor the reverse.
constexpr std::string_view kSealedPrefix = "seal1.";

// "crp1.k1.AbC…" in its parts; `header` ends with the second dot and is the associated data.
struct Parts {
    std::string_view header;
    std::string_view key_id;
    std::string_view body;
};

std::optional<Parts> split(std::string_view text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return std::nullopt;
    const std::size_t dot = text.find('.', prefix.size());
    if (dot == std::string_view::npos) return std::nullopt;
    return Parts{text.substr(0, dot + 1), text.substr(prefix.size(), dot - prefix.size()),
                 text.substr(dot + 1)};
}

std::string sealed_text(std::string_view prefix, const ChallengeKey& key, ByteView plain,
                        Random& random) {
    std::string text(prefix);
    text += key.id;
    text += '.';
    const Bytes sealed = aead_seal(key.key.expose(), as_bytes(text), plain, random);
    if (sealed.empty()) return {};
    return text + to_base64url(sealed);
}

OpenedChallenge refused(std::string_view reason, std::string detail) {
    return unreadable(ChallengeKind::minted, reason, std::move(detail));
}

}  // namespace

ChallengeCodec::ChallengeCodec(std::vector<ChallengeKey> keys, std::vector<ChallengeKey> peppers,
                               SealedReader sealed)
    : keys_(std::move(keys)), peppers_(std::move(peppers)), sealed_(std::move(sealed)) {}

const ChallengeKey* ChallengeCodec::find_key(std::string_view id) const {
    const auto found = std::ranges::find(keys_, id, &ChallengeKey::id);
    return found == keys_.end() ? nullptr : &*found;
}

std::string ChallengeCodec::mint(const ChallengeClaims& claims, Random& random) const {
    const std::optional<Bytes> plain = encode_claims(claims);
    if (!plain) return {};
    return sealed_text(kMintedPrefix, keys_.front(), *plain, random);
}

OpenedChallenge ChallengeCodec::open(std::string_view challenge, WallTime now) const {
    if (challenge.starts_with(kMintedPrefix)) return open_minted(challenge);
    if (challenge.size() > kMaxShortCharacters) return sealed_.open(challenge, now);
    OpenedChallenge opened;
    opened.kind = ChallengeKind::posted;
    opened.lookups = lookups_of(challenge);
    return opened;
}

OpenedChallenge ChallengeCodec::open_minted(std::string_view challenge) const {
    if (challenge.size() > kMaxShortCharacters) {
        return refused("ChallengeDecodingError", "the challenge is longer than any minted one");
    }
    const std::optional<Parts> parts = split(challenge, kMintedPrefix);
    if (!parts) return refused("ChallengeDecodingError", "the challenge is cut off");
    const Result<Bytes> sealed = from_base64url(parts->body);
    if (!sealed || sealed->size() < kAeadOverhead) {
        return refused("ChallengeDecodingError", "the challenge is cut off or not base64url");
    }
    const ChallengeKey* const key = find_key(parts->key_id);
    if (key == nullptr) {
        return refused("ChallengeDecryptionError", "the challenge names a key not held here");
    }
    const std::optional<Secret> plain =
        aead_open(key->key.expose(), as_bytes(parts->header), *sealed);
    if (!plain) {
        return refused("ChallengeDecryptionError", "the challenge is forged or was altered");
    }
    std::optional<ChallengeClaims> claims = decode_claims(plain->expose());
    if (!claims) {
        return refused("ChallengeDeserializationError", "the challenge's contents are not ours");
    }
    OpenedChallenge opened;
    opened.kind = ChallengeKind::minted;
    opened.key_id = key->id;
    opened.claims = std::move(*claims);
    return opened;
}

std::vector<std::string> ChallengeCodec::lookups_of(std::string_view challenge) const {
    std::vector<std::string> lookups;
    for (const ChallengeKey& pepper : peppers_) {
        lookups.push_back(to_hex(hmac_sha256(pepper.key.expose(), as_bytes(challenge))));
    }
    return lookups;
}

std::string ChallengeCodec::seal(std::string_view text, Random& random) const {
    return sealed_text(kSealedPrefix, keys_.front(), as_bytes(text), random);
}

Result<std::string> ChallengeCodec::unseal(std::string_view sealed) const {
    const std::optional<Parts> parts = split(sealed, kSealedPrefix);
    if (!parts) return fail(ErrorCode::bad_request, "not a sealed text");
    const Result<Bytes> octets = from_base64url(parts->body);
    if (!octets) return fail(ErrorCode::bad_request, "sealed text is not base64url");
    const ChallengeKey* const key = find_key(parts->key_id);
    if (key == nullptr) {
        return fail(ErrorCode::configuration, "the key of a sealed text is not held here");
    }
    const std::optional<Secret> plain =
        aead_open(key->key.expose(), as_bytes(parts->header), *octets);
    if (!plain) return fail(ErrorCode::bad_request, "sealed text was altered");
    return std::string(as_text(plain->expose()));
}

std::string ChallengeCodec::digest_of(std::string_view certificate_request_id) {
    const Bytes digest = sha256(as_bytes(certificate_request_id));
    return to_hex(ByteView(digest).first(kRequestIdDigestOctets));
}

}  // namespace ndes::crp
