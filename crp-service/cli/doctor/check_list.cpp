// The one table of all checks, and of those of the list that cannot be here.
#include <array>

#include "crp-service/cli/doctor/checks.h"

namespace ndes::crp::cli::doctor {

namespace {

constexpr std::array kChecks{
    Check{"DR-01", Hop::host, "clock", "within 1 min of the other machines", check_clock},
    Check{"DR-03", Hop::ca, "CA chain and its thumbprint",
          "complete, in order, and what MDM profiles pin", check_ca_chain},
    Check{"DR-04", Hop::ndesd, "RA certificates", "keys, chain and usages fit",
          check_ra_certificates},
    Check{"DR-05", Hop::host, "ends of certificates and CRLs", "more than 30 days away",
          check_dates},
    Check{"DR-06", Hop::host, "trust lists", "roots only, each once", check_trust_lists},
    Check{"DR-07", Hop::ca, "CRL and OCSP addresses", "reached by http, CRL in date",
          check_revocation_urls},
    Check{"DR-08", Hop::proxy, "public name", "resolves, connects, trusted, with that name",
          check_public_name},
    Check{"DR-09", Hop::ndesd, "base URL", "403 by ndesd, a policy module loaded", check_base_url},
    Check{"DR-10", Hop::proxy, "GetCACaps and GetCACert from outside", "as ndesd itself answers",
          check_public_answers},
    Check{"DR-11", Hop::proxy, "long requests", "GET and POST of 60 KiB pass", check_long_requests},
    Check{"DR-12", Hop::device, "TLS 1.2 for devices", "offered", check_tls12},
    Check{"DR-13", Hop::device, "client certificates of devices", "not asked for",
          check_no_client_question},
    Check{"DR-14", Hop::mdm, "challenges posted", "the MDM may post, and does", check_posting},
    Check{"DR-15", Hop::mdm, "URL that devices are given", "resolves, and ndesd serves its path",
          check_profile_url},
    Check{"DR-16", Hop::device, "requests of devices", "arrive", check_traffic},
    Check{"DR-17", Hop::module, "policy module", "loads; its owner's alone to write",
          check_module_loads},
    Check{"DR-18", Hop::module, "the module's way to crpd", "connects, trusted, with that name",
          check_way_to_crp},
    Check{"DR-19", Hop::module, "the module's client certificate",
          "in date, for clientAuth, with key", check_module_certificate},
    Check{"DR-20", Hop::crp, "the module as caller of crpd", "known, with the role ndes",
          check_module_caller},
    Check{"DR-21", Hop::crp, "crpd's own status", "0, Online", check_crp_status},
    Check{"DR-22", Hop::module, "VerifyRequest and Notify", "all of ndesd's arrive at this crpd",
          check_calls_arrive},
    Check{"DR-23", Hop::crp, "refusals", "fewer than a fifth of the requests", check_refusals},
    Check{"DR-24", Hop::crp, "refused passwords (event 29)", "none", check_passwords},
    Check{"DR-25", Hop::crp, "challenge keys", "all that challenges depend on, readable",
          check_challenge_keys},
    Check{"DR-26", Hop::crp, "made-up challenges in a dry run", "refused, for the right reason",
          check_phases},
    Check{"DR-27", Hop::mdm, "time to live of challenges", "fewer than a tenth expire unused",
          check_time_to_live},
    Check{"DR-28", Hop::ca, "templates", "one for each usage, on record at crpd", check_templates},
    Check{"DR-29", Hop::ca, "issuing CA", "reached, its key at hand, nothing refused",
          check_issuer},
    Check{"DR-30", Hop::ca, "place of the CA's key", "not beside the listener of devices",
          check_key_place},
    Check{"DR-31", Hop::host, "users and rights", "not root; keys their owner's alone",
          check_rights},
    Check{"DR-32", Hop::database, "databases", "open, whole, of this version, with room",
          check_database},
    Check{"DR-33", Hop::mdm, "state messages", "delivered within 5 min", check_state_messages},
    Check{"DR-34", Hop::host, "configuration in force", "sound, and no newer than the process",
          check_freshness},
    Check{"DR-35", Hop::host, "versions", "equal; legacy algorithms where they are allowed",
          check_versions},
    Check{"DR-36", Hop::host, "services", "running, enabled, never restarted, files enough",
          check_units},
    Check{"DR-38", Hop::mdm, "metrics, logs and webhooks", "answer, are there, deliver",
          check_watching},
    Check{"DR-39", Hop::device, "a whole enrolment (--deep)",
          "certificate, Notify, state message; then revoked", check_enrolment},
};

constexpr std::array kAbsent{
    AbsentCheck{"DR-02", "clocks of devices",
                "ndesd keeps no signer certificates of requests to read device clocks from; "
                "issuer.backdate covers clocks that are slow"},
    AbsentCheck{"DR-37", "directory (LDAP)",
                "crpd asks no directory: users and groups are what the MDM posts"},
    AbsentCheck{"DR-40", "support bundle",
                "a command, not a check: crpctl support-bundle FILE.tar.gz"},
};

}  // namespace

std::span<const Check> all_checks() { return kChecks; }
std::span<const AbsentCheck> absent_checks() { return kAbsent; }

}  // namespace ndes::crp::cli::doctor
