#include "crp-service/http/routes.h"

#include "crp-service/adapters/adapter_list.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

namespace {

constexpr RoleSet kNdes{Role::ndes};
constexpr RoleSet kAdmin{Role::admin};
constexpr RoleSet kMonitor{Role::monitor, Role::admin};
constexpr RoleSet kRecords{Role::mdm, Role::admin};
constexpr RoleSet kAnyRole{Role::ndes, Role::mdm, Role::admin, Role::monitor};

// clang-format off
const Route kRoutes[] = {
    // The policy module's calls, under both of the original's names.
    {"GET",    "/CMCertificateRegistration",                               kAnyRole, tell_service_is_online},
    {"GET",    "/CertificateRegistrationSvc",                              kAnyRole, tell_service_is_online},
    {"POST",   "/CMCertificateRegistration/Certificate/VerifyRequest",     kNdes,    verify_request},
    {"POST",   "/CertificateRegistrationSvc/Certificate/VerifyRequest",    kNdes,    verify_request},
    {"POST",   "/CMCertificateRegistration/Certificate/Notify",            kNdes,    notify},
    {"POST",   "/CertificateRegistrationSvc/Certificate/Notify",           kNdes,    notify},
    {"POST",   "/CMCertificateRegistration/Certificate/GenerateChallenge", kNdes,    generate_challenge},
    {"POST",   "/CertificateRegistrationSvc/Certificate/GenerateChallenge", kNdes,   generate_challenge},
    // The MDM's records.
    {"GET",    "/api/v1/users",                          kRecords, list_users},
    {"PUT",    "/api/v1/users/{id}",                     kRecords, put_user},
    {"GET",    "/api/v1/users/{id}",                     kRecords, get_user},
    {"DELETE", "/api/v1/users/{id}",                     kRecords, delete_user},
    {"GET",    "/api/v1/devices",                        kRecords, list_devices},
    {"PUT",    "/api/v1/devices/{id}",                   kRecords, put_device},
    {"GET",    "/api/v1/devices/{id}",                   kRecords, get_device},
    {"DELETE", "/api/v1/devices/{id}",                   kRecords, delete_device},
    {"GET",    "/api/v1/policies",                       kRecords, list_policies},
    {"PUT",    "/api/v1/policies/{id}",                  kRecords, put_policy},
    {"GET",    "/api/v1/policies/{id}",                  kRecords, get_policy},
    {"DELETE", "/api/v1/policies/{id}",                  kRecords, delete_policy},
    {"GET",    "/api/v1/templates",                      kRecords, list_templates},
    {"PUT",    "/api/v1/templates/{name}",               kRecords, put_template},
    {"GET",    "/api/v1/templates/{name}",               kRecords, get_template},
    {"DELETE", "/api/v1/templates/{name}",               kRecords, delete_template},
    // Challenges, and what became of them; mdm callers see their own.
    {"GET",    "/api/v1/challenges",                     kRecords, list_challenges},
    {"POST",   "/api/v1/challenges",                     kRecords, create_challenges},
    {"GET",    "/api/v1/challenges/{id}",                kRecords, get_challenge},
    {"DELETE", "/api/v1/challenges/{id}",                kRecords, revoke_challenge},
    {"GET",    "/api/v1/transactions",                   kRecords, list_transactions},
    {"GET",    "/api/v1/transactions/{transactionId}",   kRecords, get_transaction},
    {"GET",    "/api/v1/certificates",                   kRecords, list_certificates},
    {"GET",    "/api/v1/certificates/{sha256}",          kRecords, get_certificate},
    {"POST",   "/api/v1/certificates/{sha256}/revoke",   kRecords, revoke_certificate},
    {"GET",    "/api/v1/state-messages",                 kRecords, list_state_messages},
    {"GET",    "/api/v1/state-messages/dead-letters",    kAdmin,   list_dead_letters},
    {"POST",   "/api/v1/state-messages/replay",          kAdmin,   replay_state_messages},
    {"GET",    "/api/v1/audit",                          kRecords, list_audit},
    {"GET",    "/api/v1/audit/checkpoints",              kAdmin,   list_audit_checkpoints},
    {"POST",   "/api/v1/audit/verifications",            kAdmin,   record_audit_verification},
    // For operators: nothing of these is recorded.
    {"GET",    "/api/v1/keys",                           kAdmin,   list_keys},
    {"POST",   "/api/v1/simulate",                       kAdmin,   simulate_request, false},
    {"POST",   "/api/v1/explain",                        kAdmin,   explain_entitlement, false},
    {"GET",    "/api/v1/status",                         kMonitor, show_status},
    // The API's description of itself.
    {"GET",    "/openapi.json",                          kAnyRole, show_openapi_json},
    {"GET",    "/openapi.yaml",                          kAnyRole, show_openapi_yaml},
};
// clang-format on

// Fits `segments` to `pattern`; on success `parameter` is what stood for {…}.
bool fits(std::string_view pattern, const std::vector<std::string>& segments,
          std::string& parameter) {
    std::size_t at = 0;
    for (const std::string& segment : segments) {
        if (at >= pattern.size()) return false;
        const std::size_t begin = at + 1;  // past the "/"
        const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
        const std::string_view part = pattern.substr(begin, end - begin);
        if (part.starts_with('{')) {
            if (segment.empty()) return false;
            parameter = segment;
        } else if (part != segment) {
            return false;
        }
        at = end;
    }
    return at == pattern.size();
}

std::vector<Route> with_adapters() {
    std::vector<Route> routes(std::begin(kRoutes), std::end(kRoutes));
    for (const AdapterKind& kind : all_adapters()) {
        for (Route route : kind.routes) {
            route.adapter = kind.name;
            routes.push_back(route);
        }
    }
    return routes;
}

}  // namespace

std::span<const Route> all_routes() {
    static const std::vector<Route> routes = with_adapters();
    return routes;
}

RouteMatch find_route(std::string_view method, const std::vector<std::string>& segments) {
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    RouteMatch match;
    for (const Route& route : all_routes()) {
        std::string parameter;
        if (!fits(route.pattern, segments, parameter)) continue;
        match.adapter = route.adapter;
        if (!match.allow.empty()) match.allow += ", ";
        match.allow += route.method;
        if (route.method == wanted) {
            match.route = &route;
            match.parameter = std::move(parameter);
        }
    }
    return match;
}

}  // namespace ndes::crp
