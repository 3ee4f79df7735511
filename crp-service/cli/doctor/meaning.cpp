#include "crp-service/cli/doctor/meaning.h"

#include <array>
#include <string_view>

#include "crp-service/cli/doctor/site.h"
#include "crp-service/cli/tls_ca.h"

namespace ndes::crp::cli::doctor {

namespace {

struct Row {
    std::string_view use;  // before '/'; a trailing '*' stands for anything
    const char* name;
    const char* effect;
    const char* repair;  // null: a new one in its place, which the program takes by a reload
    bool is_trust = false;
};

constexpr bool kTrust = true;
constexpr const char* kTrustRepair = "put its successor into that file, beside it";

// Programs have no use in common that means something else in one of them, but "server".
constexpr std::array kRows{
    Row{"ra-signing", "RA signing certificate", "On that day every enrolment ends.", nullptr},
    Row{"ra-encryption", "RA encryption certificate", "On that day every enrolment ends.", nullptr},
    Row{"ca", "CA certificate",
        "Nothing can be issued from then on, and all that was issued ends, too.",
        "renew the CA; announce its successor by issuer.next_ca_file"},
    Row{"next-ca", "certificate of the CA's successor",
        "Devices that were told of it trust nothing after the change.",
        "put another successor into issuer.next_ca_file"},
    Row{"crl", "the CRL", "", "have the CA write it anew; systemctl start ndesd if it makes it"},
    Row{"issuer-server-ca", "trust list for the CA's server", "ndesd asks the CA no more.",
        kTrustRepair, kTrust},
    Row{"issuer-client", "client certificate for the CA", "The CA lets ndesd in no more.", nullptr},
    Row{"device", "certificate of the device listener", "Devices refuse to connect.", nullptr},
    Row{"admin", "certificate of the admin listener",
        "The MDM gets no challenge passwords by NDES' admin page.", nullptr},
    Row{"admin-client-ca", "trust list of the admin listener",
        "MDM and crpctl are let in there no more.", kTrustRepair, kTrust},
    Row{"module-client", "the policy module's client certificate",
        "Every VerifyRequest fails from then on (NDES event 29, 0x80004005).",
        "put a new pair there; the module takes it by itself"},
    Row{"module-server-ca", "trust list of the policy module",
        "The module trusts no crpd any more: every enrolment ends.", kTrustRepair, kTrust},
    Row{"server", "certificate of crpd",
        "No policy module and no MDM can call crpd: every enrolment ends.", nullptr},
    Row{"client-ca", "trust list for callers of crpd",
        "Their certificates are refused: every enrolment ends.", kTrustRepair, kTrust},
    Row{"client-crl", "the CRL for callers of crpd", "",
        "fetch the current one from the callers' CA"},
    Row{"issuing-ca", "CA certificate that MDMs are told to pin",
        "Devices that pin it refuse their certificate.",
        "set challenge.ca_certificate_file to the CA's successor; systemctl reload crpd"},
    Row{"sealed-recipient", "certificate for sealed challenges",
        "MDMs that seal challenges themselves refuse to encrypt to it.", nullptr},
    Row{"sealed-signer", "certificate of an MDM that seals challenges",
        "Its challenges are refused.", "have the MDM send its new one", kTrust},
    Row{"sealed-signer-issuer", "CA of MDMs that seal challenges", "Their challenges are refused.",
        kTrustRepair, kTrust},
    Row{"smx-signer", "certificate that signs inbox files", "The MDM refuses the state messages.",
        nullptr},
    Row{"smx-recipient", "certificate that inbox files are encrypted to",
        "State messages cannot be written.", "have the management point send its new one", kTrust},
    Row{"webhook-*-ca", "trust list of a webhook", "crpd delivers no state message there.",
        kTrustRepair, kTrust},
    Row{"webhook-*-client", "client certificate of a webhook", "Its receiver lets crpd in no more.",
        nullptr},
    Row{"client", "certificate of crpctl", "crpd and ndesd let the administrator in no more.",
        "have its CA issue a new one for that key"},
    Row{"server-ca", "trust list of crpctl", "crpctl calls crpd and ndesd no more.", kTrustRepair,
        kTrust},
};

bool stands_for(std::string_view pattern, std::string_view use) {
    const std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) return pattern == use;
    return use.starts_with(pattern.substr(0, star)) && use.ends_with(pattern.substr(star + 1));
}

std::string renewed_by(const OwnFile& own, const std::string& what, const std::string& profile,
                       Site& site) {
    if (what.starts_with("ra-"))
        return "crpctl ra renew --config " + site.options().ndesd_config.string() +
               (profile.empty() ? "" : " --profile " + profile) +
               " (with [ra] store; else put new files in their place)";
    const std::string tls_ca = site.tls_ca_folder().string();
    if (own.what.certificate && is_of_tls_ca(*own.what.certificate, tls_ca))
        return "crpctl tls renew " + own.what.file.string() +
               (tls_ca == kTlsCaFolder ? "" : " --ca " + tls_ca);
    return {};
}

}  // namespace

Meaning meaning_of(const OwnFile& own, Site& site) {
    const std::string& use = own.what.use;
    const std::size_t slash = std::min(use.find('/'), use.size());
    const std::string what = use.substr(0, slash);
    const std::string profile = use.substr(std::min(slash + 1, use.size()));
    const std::string of_profile = profile.empty() ? "" : " of profile " + profile;
    Meaning meaning{use, "What needs it stops working.", {}};
    for (const Row& row : kRows) {
        if (!stands_for(row.use, what)) continue;
        meaning = {row.name + of_profile, row.effect, row.repair == nullptr ? "" : row.repair,
                   row.is_trust};
        break;
    }
    if (const std::string command = renewed_by(own, what, profile, site); !command.empty())
        meaning.repair = command;
    if (meaning.repair.empty())
        meaning.repair = "put a new one there; systemctl reload " +
                         (own.program == "module" ? std::string("ndesd") : own.program);
    return meaning;
}

}  // namespace ndes::crp::cli::doctor
