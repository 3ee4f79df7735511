#include "crp-service/challenge/challenge_codec.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/crypto/digest.h"
#include "common/file.h"
#include "crp-service/challenge/aead.h"
#include "crp-service/challenge/minted_claims.h"

namespace ndes::crp {
namespace {

// Another prefix than a token's, and part of the associated data: a sealed text can never be
// presented as a challenge, nor the reverse.
constexpr std::string_view kSealedPrefix = "seal1.";
constexpr std::size_t kMaxKeyIdCharacters = 8;
constexpr std::size_t kLeastPepperOctets = 16;

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

OpenedChallenge unreadable(std::string reason, std::string detail) {
    OpenedChallenge opened;
    opened.kind = ChallengeKind::minted;
    opened.reason = std::move(reason);
    opened.detail = std::move(detail);
    return opened;
}

bool is_key_id(std::string_view id) {
    return !id.empty() && id.size() <= kMaxKeyIdCharacters && std::ranges::all_of(id, [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
}

// One line of hexadecimal digits, as `openssl rand -hex 32` writes it.
Result<Secret> read_hex_key(const std::filesystem::path& path, std::size_t least,
                            std::size_t most) {
    Result<Secret> file = read_secret_file(path);
    if (!file) return pass_on(file);
    std::string_view text = as_text(file->expose());
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
        text.remove_suffix(1);
    Result<Bytes> octets = from_hex(text);
    if (!octets || octets->size() < least || octets->size() > most) {
        return fail(ErrorCode::configuration,
                    path.string() + " must hold " + (least == most ? "" : "at least ") +
                        std::to_string(2 * least) + " hexadecimal digits and nothing else");
    }
    return Secret(std::move(*octets));
}

}  // namespace

ChallengeCodec::ChallengeCodec(std::vector<ChallengeKey> keys, Secret pepper)
    : keys_(std::move(keys)), pepper_(std::move(pepper)) {}

const ChallengeKey* ChallengeCodec::find_key(std::string_view id) const {
    const auto found = std::ranges::find(keys_, id, &ChallengeKey::id);
    return found == keys_.end() ? nullptr : &*found;
}

std::string ChallengeCodec::mint(const ChallengeClaims& claims, Random& random) const {
    const std::optional<Bytes> plain = encode_claims(claims);
    if (!plain) return {};
    return sealed_text(kMintedPrefix, keys_.front(), *plain, random);
}

OpenedChallenge ChallengeCodec::open(std::string_view challenge) const {
    if (challenge.starts_with(kMintedPrefix)) return open_minted(challenge);
    OpenedChallenge opened;
    opened.kind = ChallengeKind::posted;
    opened.lookup = lookup_of(challenge);
    return opened;
}

OpenedChallenge ChallengeCodec::open_minted(std::string_view challenge) const {
    if (challenge.size() > kMaxMintedCharacters) {
        return unreadable("ChallengeDecodingError", "the challenge is longer than any minted one");
    }
    const std::optional<Parts> parts = split(challenge, kMintedPrefix);
    if (!parts) return unreadable("ChallengeDecodingError", "the challenge is cut off");
    const Result<Bytes> sealed = from_base64url(parts->body);
    if (!sealed || sealed->size() < kAeadOverhead) {
        return unreadable("ChallengeDecodingError", "the challenge is cut off or not base64url");
    }
    const ChallengeKey* const key = find_key(parts->key_id);
    if (key == nullptr) {
        return unreadable("ChallengeDecryptionError", "the challenge names a key not held here");
    }
    const std::optional<Bytes> plain =
        aead_open(key->key.expose(), as_bytes(parts->header), *sealed);
    if (!plain) {
        return unreadable("ChallengeDecryptionError", "the challenge is forged or was altered");
    }
    std::optional<ChallengeClaims> claims = decode_claims(*plain);
    if (!claims) {
        return unreadable("ChallengeDeserializationError", "the challenge's contents are not ours");
    }
    OpenedChallenge opened;
    opened.kind = ChallengeKind::minted;
    opened.claims = std::move(*claims);
    return opened;
}

std::string ChallengeCodec::lookup_of(std::string_view challenge) const {
    return to_hex(hmac_sha256(pepper_.expose(), as_bytes(challenge)));
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
    const std::optional<Bytes> plain =
        aead_open(key->key.expose(), as_bytes(parts->header), *octets);
    if (!plain) return fail(ErrorCode::bad_request, "sealed text was altered");
    return std::string(as_text(*plain));
}

std::string ChallengeCodec::digest_of(std::string_view certificate_request_id) {
    const Bytes digest = sha256(as_bytes(certificate_request_id));
    return to_hex(ByteView(digest).first(kRequestIdDigestOctets));
}

Result<std::unique_ptr<ChallengeCodec>> load_challenge_codec(
    const std::vector<std::filesystem::path>& key_files, const std::filesystem::path& pepper_file) {
    if (key_files.empty()) {
        return fail(ErrorCode::configuration, "challenge.key_files names no file");
    }
    std::vector<ChallengeKey> keys;
    for (const auto& path : key_files) {
        ChallengeKey key{path.stem().string(), Secret()};
        if (!is_key_id(key.id)) {
            return fail(ErrorCode::configuration,
                        path.string() +
                            ": the name before the extension is the key ID: 1 to 8 of A-Z a-z 0-9");
        }
        if (std::ranges::find(keys, key.id, &ChallengeKey::id) != keys.end()) {
            return fail(ErrorCode::configuration, path.string() + ": key ID is used twice");
        }
        Result<Secret> octets = read_hex_key(path, kAeadKeyOctets, kAeadKeyOctets);
        if (!octets) return pass_on(octets, "challenge key");
        key.key = std::move(*octets);
        keys.push_back(std::move(key));
    }
    Result<Secret> pepper = read_hex_key(pepper_file, kLeastPepperOctets, 1024);
    if (!pepper) return pass_on(pepper, "challenge pepper");
    return std::make_unique<ChallengeCodec>(std::move(keys), std::move(*pepper));
}

}  // namespace ndes::crp
