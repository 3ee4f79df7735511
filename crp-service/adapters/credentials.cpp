#include "crp-service/adapters/credentials.h"

#include <algorithm>
#include <cctype>

#include "common/crypto/digest.h"
#include "common/file.h"
#include "crp-service/adapters/adapter_list.h"

namespace ndes::crp {

namespace {

Result<Secret> read_secret(const AdapterKind& kind, const std::filesystem::path& file) {
    auto contents = read_secret_file(file);
    if (!contents) return contents;
    std::string_view text = as_text(contents->expose());
    while (text.ends_with('\n') || text.ends_with('\r'))
        text.remove_suffix(1);
    auto secret = kind.read_secret(text);
    if (!secret) return pass_on(secret, file.string());
    if (secret->empty()) return fail(ErrorCode::configuration, file.string() + ": is empty");
    return secret;
}

// What follows `scheme` and the spaces after it; empty if it is another one.
std::string_view after_scheme(std::string_view authorization, std::string_view scheme) {
    if (authorization.size() <= scheme.size() || authorization[scheme.size()] != ' ') return {};
    const bool is_it = std::equal(
        scheme.begin(), scheme.end(), authorization.begin(), [](char wanted, char found) {
            return wanted == std::tolower(static_cast<unsigned char>(found));
        });
    if (!is_it) return {};
    authorization.remove_prefix(scheme.size());
    authorization.remove_prefix(
        std::min(authorization.find_first_not_of(' '), authorization.size()));
    return authorization;
}

}  // namespace

bool Credential::signs(ByteView message, ByteView mac) const {
    bool met = false;
    for (const Secret& secret : secrets)
        met |= equal_constant_time(hmac_sha256(secret.expose(), message), mac);
    return met;
}

bool Credential::is(std::string_view given) const {
    const Bytes digest = sha256(as_bytes(given));
    bool met = false;
    for (const Secret& secret : secrets)
        met |= equal_constant_time(sha256(secret.expose()), digest);
    return met;
}

Result<Credentials> Credentials::load(const std::vector<CallerRule>& callers) {
    std::vector<Credential> loaded;
    for (const CallerRule& caller : callers) {
        const AdapterKind* kind = find_adapter_kind(caller.adapter);
        if (kind == nullptr) continue;
        for (const CredentialFiles& files : caller.credentials) {
            Credential credential{caller.adapter, files.id, caller.name, {}};
            for (const std::filesystem::path& file : files.secrets) {
                auto secret = read_secret(*kind, file);
                if (!secret) return pass_on(secret);
                credential.secrets.push_back(std::move(*secret));
            }
            loaded.push_back(std::move(credential));
        }
    }
    return Credentials(std::move(loaded));
}

const Credential* Credentials::find(std::string_view adapter, std::string_view id) const {
    const auto found = std::ranges::find_if(credentials_, [&](const Credential& one) {
        return one.adapter == adapter && one.id == id;
    });
    return found == credentials_.end() ? nullptr : &*found;
}

std::optional<NamedSecret> read_basic(std::string_view authorization) {
    const auto octets = from_base64(after_scheme(authorization, "basic"));
    if (!octets) return std::nullopt;
    const std::string_view text = as_text(*octets);
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    return NamedSecret{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

std::string_view read_bearer(std::string_view authorization) {
    return after_scheme(authorization, "bearer");
}

}  // namespace ndes::crp
