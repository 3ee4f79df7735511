// AdminEndpoint: NDES' admin site (/certsrv/mscep_admin/) and the REST calls of crpctl pending,
// crpctl ca and crpctl notify, on a TLS listener of their own.
// Knows no CMS. Called from many threads at once.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/crypto/certificate.h"
#include "common/http_server/http_message.h"
#include "common/logging/log.h"
#include "scep-server/config.h"
#include "scep-server/http/admin_login.h"
#include "scep-server/http/issued_api.h"
#include "scep-server/http/notify_api.h"
#include "scep-server/http/pending_api.h"
#include "scep-server/policy_host/policy.h"

namespace ndes::scep {

// What a profile has to offer here. All outlive the endpoint.
struct AdminProfile {
    const ProfileConfig& config;
    Policy& policy;
    std::function<std::vector<Certificate>()> ca_chain;  // the CA's of now
};

class AdminEndpoint {
  public:
    // The references outlive the endpoint.
    AdminEndpoint(std::vector<AdminProfile> profiles, AdminLogin& login, PendingApi& pending,
                  IssuedApi& issued, NotifyApi& notifies, Log& log);

    // GET /certsrv/<PasswordVDir>/ (any case; any folder when PasswordVDir is empty):
    //   a page with the CA's thumbprint and a challenge; ?Params= is handed to the policy module;
    //   ?operation=NDESGenerateChallenge&keyUsage=0x80&Params=…: the challenge alone;
    //   ?operation=NDESGetCACertThumbprint: the MD5 thumbprint of the chain's last certificate;
    //   ?profile=NAME: for another profile than the first.
    // /api/v1/pending…: see PendingApi; /api/v1/issued… and /api/v1/crl: see IssuedApi;
    // /api/v1/notifies…: see NotifyApi.
    http::Response handle(const http::Request& request, const http::Peer& peer);

  private:
    struct Query {
        std::string operation;
        std::string params;
        std::string profile;
        int usage = 0xa0;
    };

    http::Response not_logged_in(const Login& login) const;
    http::Response site(const http::Request& request, const http::Peer& peer, const Login& login);
    http::Response challenge_answer(const AdminProfile& profile, const Query& query,
                                    const Login& login, const http::Peer& peer);
    bool may_enroll(const AdminProfile& profile, const Login& login, const http::Peer& peer) const;
    bool is_site_path(std::string_view path) const;
    const AdminProfile* find_profile(std::string_view name) const;
    static Result<Query> read_query(std::string_view text);

    const std::vector<AdminProfile> profiles_;
    AdminLogin& login_;
    PendingApi& pending_;
    IssuedApi& issued_;
    NotifyApi& notifies_;
    Log& log_;
};

}  // namespace ndes::scep
