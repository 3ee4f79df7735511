#include "crp-service/adapters/intune_access.h"

#include <algorithm>
#include <cctype>
#include <optional>

#include "common/file.h"
#include "common/http_server/url.h"
#include "crp-service/adapters/access_token.h"
#include "crp-service/adapters/foreign_json.h"

namespace ndes::crp {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view kServiceName = "ScepRequestValidationFEService";
constexpr std::size_t kTokenKeyOctets = 32;

Result<Secret> load_key(const std::filesystem::path& file) {
    auto contents = read_secret_file(file);
    if (!contents) return contents;
    auto octets = from_hex(without_line_ends(std::string(as_text(contents->expose()))));
    if (!octets || octets->size() != kTokenKeyOctets) {
        return fail(ErrorCode::configuration,
                    file.string() + ": must hold 64 hexadecimal digits (crpctl keys new)");
    }
    return Secret(std::move(*octets));
}

const Intune& settings_of(const LiveParts& parts) {
    return static_cast<const Intune&>(*parts.adapters.find(kIntuneName)->second);
}

// The form of a token request (application/x-www-form-urlencoded), each name once.
struct TokenForm {
    std::string grant_type, client_id, client_secret;
};
std::optional<TokenForm> read_form(std::string body) {
    std::ranges::replace(body, '+', ' ');
    const auto parts = http::parse_query(body);
    if (!parts) return std::nullopt;
    TokenForm form;
    for (const auto& [name, value] : *parts) {
        std::string* field = name == "grant_type"      ? &form.grant_type
                             : name == "client_id"     ? &form.client_id
                             : name == "client_secret" ? &form.client_secret
                                                       : nullptr;
        if (field == nullptr) continue;  // scope and resource: there is one service
        if (!field->empty()) return std::nullopt;
        *field = value;
    }
    return form;
}

// RFC 6749 section 2.3.1: in the form or as Basic; both name and secret may be percent-encoded.
std::optional<NamedSecret> read_client(const http::Request& request) {
    if (const auto basic = read_basic(request.header("authorization"))) {
        const auto name = http::percent_decode(basic->name);
        const auto secret = http::percent_decode(basic->secret);
        if (!name || !secret) return std::nullopt;
        return NamedSecret{*name, *secret};
    }
    auto form = read_form(request.body);
    if (!form || form->client_id.empty() || form->client_secret.empty()) return std::nullopt;
    return NamedSecret{std::move(form->client_id), std::move(form->client_secret)};
}

tl::unexpected<Problem> refuse_client(ProblemCode code, std::string text, std::string_view word) {
    Problem problem(code, std::move(text));
    problem.oauth_error = word;
    return tl::unexpected(std::move(problem));
}

}  // namespace

Result<void> Intune::load() {
    for (const std::filesystem::path& file : token_key_files) {
        auto key = load_key(file);
        if (!key) return pass_on(key);
        token_keys.push_back(std::move(*key));
    }
    return {};
}

std::shared_ptr<Adapter> read_intune_settings(ConfigTable& table, bool enabled) {
    auto settings = std::make_shared<Intune>();
    settings->tenant = table.text("tenant", "");
    settings->base_url = table.text("base_url", "");
    const auto key = table.path("token_key_file");
    const auto previous = table.path("previous_token_key_file");
    for (const auto& file : {key, previous}) {
        if (!file.empty()) settings->token_key_files.push_back(file);
    }
    settings->token_lifetime = std::chrono::duration_cast<std::chrono::seconds>(
        table.duration("token_lifetime", 10min, 1min, 1h));
    if (!enabled) return settings;
    const bool is_word = std::ranges::all_of(settings->tenant, [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-';
    });
    if (settings->tenant.empty() || !is_word) {
        table.fault("tenant", "must be one or more of A-Z a-z 0-9 . -");
    }
    if (!settings->base_url.starts_with("https://") || settings->base_url.ends_with('/')) {
        table.fault("base_url", "must begin with https:// and not end with \"/\"");
    }
    if (key.empty()) table.fault("token_key_file", "is missing");
    return settings;
}

tl::expected<std::string, Problem> prove_intune_client(const http::Request& request,
                                                       const LiveParts& parts, WallTime) {
    const auto shown = read_client(request);
    if (!shown) {
        return refuse_client(ProblemCode::credentials_missing,
                             "client_id and client_secret must be there, once each",
                             "invalid_client");
    }
    const Credential* credential = parts.credentials.find(kIntuneName, shown->name);
    if (credential && credential->is(shown->secret)) return credential->caller;
    return refuse_client(ProblemCode::credentials_invalid,
                         "no client has this client_id and client_secret", "invalid_client");
}

tl::expected<std::string, Problem> prove_intune_token(const http::Request& request,
                                                      const LiveParts& parts, WallTime now) {
    const std::string_view token = read_bearer(request.header("authorization"));
    if (token.empty()) {
        return refuse(ProblemCode::credentials_missing, "Authorization: Bearer is missing");
    }
    const auto credential = read_access_token(settings_of(parts).token_keys, parts.credentials,
                                              kIntuneName, token, now);
    if (credential) return (*credential)->caller;
    return credential.error() == TokenFault::expired
               ? refuse(ProblemCode::token_expired, "the access token has expired")
               : refuse(ProblemCode::credentials_invalid,
                        "the access token was not made here, or its client or secret is gone");
}

Answer give_intune_token(const Call& call) {
    const Intune& settings = settings_of(call.parts);
    if (call.parameter != settings.tenant) {
        return refuse_client(ProblemCode::path_unknown, "there is no such tenant",
                             "invalid_request");
    }
    const auto form = read_form(call.request.body);
    if (!form || form->grant_type != "client_credentials") {
        return refuse_client(ProblemCode::bad_request, "grant_type: must be client_credentials",
                             "unsupported_grant_type");
    }
    const auto shown = read_client(call.request);
    const Credential* credential =
        shown ? call.parts.credentials.find(kIntuneName, shown->name) : nullptr;
    if (credential == nullptr) {
        return refuse_client(ProblemCode::credentials_missing, "the client is gone",
                             "invalid_client");
    }
    const WallTime end = call.clock.now() + settings.token_lifetime;
    const auto lifetime = settings.token_lifetime.count();
    http::Response response = json_response(
        200, {{"token_type", "Bearer"},
              {"expires_in", lifetime},
              {"ext_expires_in", lifetime},
              {"expires_on", std::to_string(to_unix_ms(end) / 1000)},
              {"access_token",
               make_access_token(settings.token_keys, *credential, shown->secret, end)}});
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

// Microsoft Graph names a service by providerName, its predecessor by serviceName.
Answer tell_intune_endpoints(const Call& call) {
    const std::string uri = settings_of(call.parts).base_url + "/intune";
    return json_response(200, {{"value", Json::array({{{"capability", kServiceName},
                                                       {"providerName", kServiceName},
                                                       {"serviceName", kServiceName},
                                                       {"uri", uri}}})}});
}

}  // namespace ndes::crp
