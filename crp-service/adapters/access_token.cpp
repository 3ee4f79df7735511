#include "crp-service/adapters/access_token.h"

#include <algorithm>
#include <optional>

#include "common/crypto/digest.h"
#include "common/strict_json.h"

namespace ndes::crp {

namespace {

constexpr std::string_view kPrefix = "crp1.";
constexpr std::size_t kMostOctets = 1024;

// Names a secret without telling anything of it to who has not the key.
std::string secret_name(const Secret& key, std::string_view secret) {
    constexpr std::size_t kDigits = 32;
    const std::string text = "token secret " + std::string(secret);
    return to_hex(hmac_sha256(key.expose(), as_bytes(text))).substr(0, kDigits);
}

Bytes mac_of(const Secret& key, std::string_view signed_part) {
    const std::string text = "token " + std::string(signed_part);
    return hmac_sha256(key.expose(), as_bytes(text));
}

const Secret* find_key(const std::vector<Secret>& keys, std::string_view signed_part,
                       const Bytes& mac) {
    const auto found = std::ranges::find_if(keys, [&](const Secret& key) {
        return equal_constant_time(mac_of(key, signed_part), mac);
    });
    return found == keys.end() ? nullptr : &*found;
}

struct Claims {
    std::string client;
    std::string secret;
    WallTime expires_at{};
};

std::optional<Claims> read_claims(std::string_view encoded) {
    const auto octets = from_base64url(encoded);
    if (!octets) return std::nullopt;
    const auto json = parse_json(as_text(*octets), kMostOctets);
    if (!json) return std::nullopt;
    JsonReader reader(*json);
    Claims claims;
    claims.client = reader.text("client", kMostOctets);
    claims.secret = reader.text("secret", kMostOctets);
    const auto end = reader.optional_time("end");
    if (!reader.finish() || !end) return std::nullopt;
    claims.expires_at = *end;
    return claims;
}

}  // namespace

std::string make_access_token(const std::vector<Secret>& keys, const Credential& credential,
                              std::string_view shown, WallTime expires_at) {
    const Json claims = {{"client", credential.id},
                         {"secret", secret_name(keys.front(), shown)},
                         {"end", to_rfc3339(expires_at)}};
    const std::string signed_part = std::string(kPrefix) + to_base64url(as_bytes(claims.dump()));
    return signed_part + "." + to_base64url(mac_of(keys.front(), signed_part));
}

tl::expected<const Credential*, TokenFault> read_access_token(const std::vector<Secret>& keys,
                                                              const Credentials& credentials,
                                                              std::string_view adapter,
                                                              std::string_view token,
                                                              WallTime now) {
    const auto invalid = tl::unexpected(TokenFault::invalid);
    const std::size_t dot = token.rfind('.');
    if (token.size() > kMostOctets || !token.starts_with(kPrefix) || dot < kPrefix.size()) {
        return invalid;
    }
    const std::string_view signed_part = token.substr(0, dot);
    const auto mac = from_base64url(token.substr(dot + 1));
    const Secret* key = mac ? find_key(keys, signed_part, *mac) : nullptr;
    if (key == nullptr) return invalid;
    const auto claims = read_claims(signed_part.substr(kPrefix.size()));
    if (!claims) return invalid;
    const Credential* credential = credentials.find(adapter, claims->client);
    if (credential == nullptr) return invalid;
    const bool has_secret = std::ranges::any_of(credential->secrets, [&](const Secret& one) {
        const std::string name = secret_name(*key, as_text(one.expose()));
        return equal_constant_time(as_bytes(name), as_bytes(claims->secret));
    });
    if (!has_secret) return invalid;
    if (now >= claims->expires_at) return tl::unexpected(TokenFault::expired);
    return credential;
}

}  // namespace ndes::crp
