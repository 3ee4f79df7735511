// What the configurations' certificate files hold, for the checks on chains, dates and URLs.
// One thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/crypto/certificate.h"
#include "common/error.h"
#include "crp-service/cli/doctor/site.h"

namespace ndes::crp::cli::doctor {

// A certificate in use: whose it is, and what happens when it ends.
struct UsedCertificate {
    std::string use;  // "RA signing certificate"
    std::filesystem::path file;
    Result<Certificate> certificate;
    std::string effect;  // of its end
    std::string repair;
};

struct RaPair {
    std::string profile;  // "" for the first
    std::filesystem::path signing_file;
    std::filesystem::path encryption_file;
    KeySource signing_key;
    KeySource encryption_key;
};

// One for each profile; an error where [ra] store holds no pair that fits.
std::vector<Result<RaPair>> ra_pairs(Site& site);

// Everything of ndesd, the module and crpd that is configured and on this machine.
std::vector<UsedCertificate> certificates_in_use(Site& site);

// The module's own: of its files, or the one of its store that ends last.
Result<UsedCertificate> module_certificate(Site& site);

// GET of crpd's base path as the module would ask: with its trust list and, if they can be used,
// its certificate and key. crpd answers 403 ServiceOnline to a caller that it knows.
ProbeOrder module_order(Site& site, const policy::CrpAddress& crp);

struct TrustList {
    std::string use;  // "who may call crpd ([server] client_ca_file)"
    std::filesystem::path file;
};
std::vector<TrustList> trust_lists(Site& site);

struct UsedCrl {
    std::string use;
    std::filesystem::path file;
    std::string repair;
};
std::vector<UsedCrl> crls_in_use(Site& site);

struct CrlDates {
    WallTime made{};
    WallTime next{};
};
// PEM or DER; of several the first to end. configuration.
Result<CrlDates> read_crl_dates(std::string_view octets, const std::string& name);

// Every file with a private key or secret that is configured.
std::vector<std::filesystem::path> secret_files(Site& site);

}  // namespace ndes::crp::cli::doctor
