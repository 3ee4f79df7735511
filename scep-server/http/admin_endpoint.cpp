#include "scep-server/http/admin_endpoint.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/http_server/url.h"
#include "common/logging/cmtrace.h"
#include "scep-server/enroll/ndes_event.h"
#include "scep-server/http/admin_pages.h"
#include "scep-server/http/scep_request.h"
#include "scep-server/journal/password_cache.h"

namespace ndes::scep {
namespace {

constexpr const char* kAdminSite = "/certsrv";
constexpr int kBothUses = kSignatureUse | kEncryptionUse;

http::Response secured(http::Response response) {
    for (const auto& [name, value] :
         {std::pair("Cache-Control", "no-store"), std::pair("X-Content-Type-Options", "nosniff"),
          std::pair("X-Frame-Options", "DENY"),
          std::pair("Content-Security-Policy", "default-src 'none'")})
        response.headers.emplace_back(name, value);
    return response;
}

http::Response html(int status, std::string body) {
    return {status, kPageType, std::move(body), {}};
}

http::Response text(int status, std::string body) {
    return {status, "text/plain; charset=utf-8", std::move(body), {}};
}

// "0x80", "0xA0", "128": one of the three that there are templates for.
std::optional<int> read_usage(std::string_view value) {
    struct Spelling {
        std::string_view text;
        int usage;
    };
    constexpr std::array kSpellings{
        Spelling{"0x80", kSignatureUse}, Spelling{"0x20", kEncryptionUse},
        Spelling{"0xa0", kBothUses},     Spelling{"0xA0", kBothUses},
        Spelling{"128", kSignatureUse},  Spelling{"32", kEncryptionUse},
        Spelling{"160", kBothUses},      Spelling{"", kBothUses}};
    const auto* const found = std::ranges::find(kSpellings, value, &Spelling::text);
    if (found == kSpellings.end()) return std::nullopt;
    return found->usage;
}

const std::string& template_of(const TemplateConfig& templates, int usage) {
    if (usage == kSignatureUse) return templates.signature;
    return usage == kEncryptionUse ? templates.encryption : templates.general_purpose;
}

bool has_enroll(const AdminCaller& caller, const std::string& template_name) {
    return std::ranges::any_of(caller.enroll, [&](const std::string& entry) {
        return entry == "*" || entry == template_name;
    });
}

}  // namespace

AdminEndpoint::AdminEndpoint(std::vector<AdminProfile> profiles, AdminLogin& login,
                             PendingApi& pending, IssuedApi& issued, NotifyApi& notifies, Log& log)
    : profiles_(std::move(profiles)),
      login_(login),
      pending_(pending),
      issued_(issued),
      notifies_(notifies),
      log_(log) {}

http::Response AdminEndpoint::handle(const http::Request& request, const http::Peer& peer) {
    const bool pending = PendingApi::serves(request.path);
    const bool issued = IssuedApi::serves(request.path);
    const bool notifies = NotifyApi::serves(request.path);
    if (!pending && !issued && !notifies && !is_site_path(request.path))
        return text(404, "nothing is served here\n");
    const Login login = login_.identify(request, peer);
    if (login.kind != Login::Kind::known) return secured(not_logged_in(login));
    if (pending) return secured(pending_.handle(request, login));
    if (issued) return secured(issued_.handle(request, login));
    if (notifies) return secured(notifies_.handle(request, login));
    return secured(site(request, peer, login));
}

http::Response AdminEndpoint::not_logged_in(const Login& login) const {
    if (login.kind == Login::Kind::too_many) {
        http::Response response = html(429, plain_page("Too many wrong passwords; try later."));
        response.headers.emplace_back("Retry-After", std::to_string(kWrongPasswordTime.count()));
        return response;
    }
    http::Response response = html(401, plain_page("Not authorized: " + login.why + "."));
    response.headers.emplace_back("WWW-Authenticate",
                                  "Basic realm=\"mscep_admin\", charset=\"UTF-8\"");
    return response;
}

bool AdminEndpoint::is_site_path(std::string_view path) const {
    return std::ranges::any_of(profiles_, [&](const AdminProfile& profile) {
        const std::string& folder = profile.config.mscep.password_vdir;
        return is_scep_path(folder.empty() ? kAdminSite : std::string(kAdminSite) + "/" + folder,
                            path);
    });
}

const AdminProfile* AdminEndpoint::find_profile(std::string_view name) const {
    const auto found = std::ranges::find_if(
        profiles_, [&](const AdminProfile& profile) { return profile.config.name == name; });
    return found == profiles_.end() ? nullptr : &*found;
}

Result<AdminEndpoint::Query> AdminEndpoint::read_query(std::string_view query_text) {
    auto parameters = http::parse_query(query_text);
    if (!parameters) return pass_on(parameters);
    Query query;
    for (auto& [name, value] : *parameters) {
        if (name == "operation")
            query.operation = std::move(value);
        else if (name == "Params" || name == "params")
            query.params = std::move(value);
        else if (name == "profile")
            query.profile = std::move(value);
        else if (name == "keyUsage") {
            const auto usage = read_usage(value);
            if (!usage) return fail(ErrorCode::bad_request, "keyUsage is 0x80, 0x20 or 0xa0");
            query.usage = *usage;
        }
    }
    return query;
}

http::Response AdminEndpoint::site(const http::Request& request, const http::Peer& peer,
                                   const Login& login) {
    if (request.method != "GET" && request.method != "POST") {
        http::Response response = text(405, "method not allowed here\n");
        response.headers.emplace_back("Allow", "GET, POST");
        return response;
    }
    auto query = read_query(request.query);
    if (!query) return text(400, query.error().text + "\n");
    const AdminProfile* const profile = find_profile(query->profile);
    if (profile == nullptr) return text(404, "there is no such profile\n");
    if (query->operation == "NDESGetCACertThumbprint")
        return text(200, md5_thumbprint(profile->ca_chain().back()));
    if (!query->operation.empty() && query->operation != "NDESGenerateChallenge")
        return text(400,
                    "known operations are NDESGenerateChallenge and NDESGetCACertThumbprint\n");
    if (!may_enroll(*profile, login, peer)) {
        const bool alone = !query->operation.empty();
        return alone ? text(403, "You do not have sufficient permission to enroll with SCEP.\n")
                     : html(200, no_permission_page());
    }
    return challenge_answer(*profile, *query, login, peer);
}

// Enterprise CA: Enroll on all three templates; stand-alone CA: administrator of the CA.
bool AdminEndpoint::may_enroll(const AdminProfile& profile, const Login& login,
                               const http::Peer& peer) const {
    const MscepConfig& mscep = profile.config.mscep;
    const AdminCaller& caller = *login.caller;
    const bool may = mscep.enterprise_ca ? has_enroll(caller, mscep.templates.signature) &&
                                               has_enroll(caller, mscep.templates.encryption) &&
                                               has_enroll(caller, mscep.templates.general_purpose)
                                         : caller.administrator;
    if (!may)
        note_event(log_, Severity::warning,
                   mscep.enterprise_ca ? kNoPasswordTemplate : kNoPasswordStandalone,
                   "admin site: no permission for a password",
                   {{"caller", caller.name}, {"address", peer.address}});
    return may;
}

http::Response AdminEndpoint::challenge_answer(const AdminProfile& profile, const Query& query,
                                               const Login& login, const http::Peer& peer) {
    const MscepConfig& mscep = profile.config.mscep;
    const bool alone = !query.operation.empty();
    auto challenge =
        profile.policy.generate_challenge(template_of(mscep.templates, query.usage), query.params);
    if (challenge) {
        log_.note(Severity::info, "admin site: a challenge was given out",
                  {{"caller", login.caller->name},
                   {"address", peer.address},
                   {"profile", profile.config.name}});
        if (alone) return text(200, std::move(*challenge));
        return html(200, challenge_page({md5_thumbprint(profile.ca_chain().front()), *challenge,
                                         mscep.use_single_password && profile.config.policy.none,
                                         mscep.password_validity}));
    }
    const Error& error = challenge.error();
    log_.note(Severity::warning, "admin site: no challenge",
              {{"caller", login.caller->name}, {"cause", error.text}, {"detail", error.detail}});
    if (error.code == ErrorCode::too_large) {
        if (alone) return text(503, "The password cache is full.\n");
        return html(200, cache_full_page(mscep.password_validity, mscep.password_max));
    }
    const bool later = is_retryable(error.code);
    const std::string why =
        later ? "The policy module cannot be asked now; try again later."
              : "The policy module gives no challenge for this. It needs Params that name device "
                "and policy (deviceId=…&policyId=…, percent-encoded), and a caller that may; the "
                "server's log says more.";
    return alone ? text(later ? 503 : 500, why + "\n") : html(later ? 503 : 500, plain_page(why));
}

}  // namespace ndes::scep
