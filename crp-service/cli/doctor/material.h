// What the configurations' certificate files hold, for the checks on chains, trust and callers;
// what ends, and when, is told by the list of own files (cli/expiry/own_list.h). One thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "common/crypto/certificate.h"
#include "common/error.h"
#include "crp-service/cli/doctor/site.h"

namespace ndes::crp::cli::doctor {

struct RaPair {
    std::string profile;  // "" for the first
    std::filesystem::path signing_file;
    std::filesystem::path encryption_file;
    KeySource signing_key;
    KeySource encryption_key;
};

// One for each profile; an error where [ra] store holds no pair that fits.
std::vector<Result<RaPair>> ra_pairs(Site& site);

// The module's own: of its files, or the one that it chooses from its store.
struct ModuleCertificate {
    std::filesystem::path file;
    std::filesystem::path key_file;
    Result<Certificate> certificate;
};
Result<ModuleCertificate> module_certificate(Site& site);

// GET of crpd's base path as the module would ask: with its trust list and, if they can be used,
// its certificate and key. crpd answers 403 ServiceOnline to a caller that it knows.
ProbeOrder module_order(Site& site, const policy::CrpAddress& crp);

struct TrustList {
    std::string use;  // "who may call crpd ([server] client_ca_file)"
    std::filesystem::path file;
};
std::vector<TrustList> trust_lists(Site& site);

struct CrlDates {
    WallTime made{};
    WallTime next{};
};
// PEM or DER; of several the first to end. configuration.
Result<CrlDates> read_crl_dates(std::string_view octets, const std::string& name);

}  // namespace ndes::crp::cli::doctor
