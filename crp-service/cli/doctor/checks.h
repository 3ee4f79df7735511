// The checks by group, one file each; check_list.cpp has them in one table. See doctor.h.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "common/crypto/certificate.h"
#include "crp-service/cli/doctor/doctor.h"

namespace ndes::crp::cli::doctor {

// checks_chain.cpp
Finding check_ca_chain(Site& site);         // DR-03
Finding check_ra_certificates(Site& site);  // DR-04
Finding check_trust_lists(Site& site);      // DR-06
// checks_dates.cpp
Finding check_dates(Site& site);            // DR-05
Finding check_revocation_urls(Site& site);  // DR-07
// checks_edge.cpp
Finding check_public_name(Site& site);         // DR-08
Finding check_base_url(Site& site);            // DR-09
Finding check_public_answers(Site& site);      // DR-10
Finding check_long_requests(Site& site);       // DR-11
Finding check_tls12(Site& site);               // DR-12
Finding check_no_client_question(Site& site);  // DR-13
// checks_arrival.cpp
Finding check_profile_url(Site& site);  // DR-15
Finding check_traffic(Site& site);      // DR-16
// checks_module.cpp
Finding check_module_loads(Site& site);   // DR-17
Finding check_way_to_crp(Site& site);     // DR-18
Finding check_module_caller(Site& site);  // DR-20
Finding check_calls_arrive(Site& site);   // DR-22
// checks_module_certificate.cpp
Finding check_module_certificate(Site& site);  // DR-19
// checks_crp.cpp
Finding check_crp_status(Site& site);      // DR-21
Finding check_refusals(Site& site);        // DR-23
Finding check_passwords(Site& site);       // DR-24
Finding check_challenge_keys(Site& site);  // DR-25
Finding check_phases(Site& site);          // DR-26
// checks_mdm.cpp
Finding check_posting(Site& site);         // DR-14
Finding check_time_to_live(Site& site);    // DR-27
Finding check_state_messages(Site& site);  // DR-33
Finding check_watching(Site& site);        // DR-38
// checks_ca.cpp
Finding check_templates(Site& site);  // DR-28
Finding check_issuer(Site& site);     // DR-29
Finding check_key_place(Site& site);  // DR-30
// checks_host.cpp
Finding check_clock(Site& site);     // DR-01
Finding check_versions(Site& site);  // DR-35
Finding check_units(Site& site);     // DR-36
// checks_rights.cpp
Finding check_rights(Site& site);  // DR-31
// checks_files.cpp
Finding check_database(Site& site);   // DR-32
Finding check_freshness(Site& site);  // DR-34
// deep.cpp
Finding check_enrolment(Site& site);  // DR-39

// What checks share.
// "CN=Lab RA signing (ca/ra-signing.pem)"
std::string name_of(const Certificate& certificate, const std::filesystem::path& file);
// The finding when what a check looks at is not to be had: skipped, with the reason.
Finding not_to_be_had(const Error& why);
// "2 h", "3 d": the greatest whole unit.
std::string span_text(std::chrono::milliseconds span);
std::string day_text(WallTime time);  // "2026-04-02"

bool has_systemd();  // this machine is run by it

// Judgements of plain facts.
// Nothing while there are 30 days left; a warning then, and from 7 days on it has failed.
std::optional<Trouble> judge_end(const std::string& what, WallTime ends, WallTime now,
                                 const std::string& effect, const std::string& repair);
// A CRL: failed once it is overdue, a warning in the last tenth of its time.
std::optional<Trouble> judge_crl(const std::string& what, WallTime made, WallTime next,
                                 WallTime now, const std::string& repair);
// `offset`: ours minus the other's.
std::optional<Trouble> judge_clock(const std::string& other, std::chrono::milliseconds offset);
// The RA's certificate: key usage and extended key usage for its use.
void judge_ra_usage(const Certificate& certificate, const std::string& what, bool for_encryption,
                    Finding& finding);
// What each program calls itself, "0.1.0 (build …)", by name.
void judge_versions(const std::map<std::string, std::string>& versions, Finding& finding);
// What `systemctl show UNIT` printed, KEY=value lines.
void judge_unit(const std::string& unit, const std::string& shown, Finding& finding);

}  // namespace ndes::crp::cli::doctor
