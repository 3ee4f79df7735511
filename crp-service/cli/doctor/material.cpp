#include "crp-service/cli/doctor/material.h"

#include "common/crypto/asn1_time.h"
#include "common/crypto/crl.h"
#include "common/crypto/key.h"
#include "common/expiry/certificate_store.h"
#include "scep-server/enroll/ra_store.h"

namespace ndes::crp::cli::doctor {

namespace {

namespace fs = std::filesystem;

Result<Certificate> first_of(const fs::path& file) {
    auto all = load_certificates(file);
    if (!all) return pass_on(all);
    return all->front();
}

}  // namespace

std::vector<Result<RaPair>> ra_pairs(Site& site) {
    std::vector<Result<RaPair>> pairs;
    const auto& config = site.ndesd();
    if (!config) return pairs;
    for (const scep::ProfileConfig& profile : config->profiles) {
        const scep::RaConfig& ra = profile.ra;
        if (ra.store.empty()) {
            pairs.emplace_back(RaPair{profile.name, ra.signing_certificate_file,
                                      ra.encryption_certificate_file, ra.signing_key,
                                      ra.encryption_key});
            continue;
        }
        auto chain = load_certificates(profile.issuer.certificate_file);
        if (!chain) {
            pairs.emplace_back(pass_on(chain, "CA certificate"));
            continue;
        }
        auto choice = scep::choose_ra(ra.store, *chain, ra.overlap, site.now());
        if (!choice) {
            pairs.emplace_back(pass_on(choice));
            continue;
        }
        const auto key = [](fs::path file) {
            return fs::exists(fs::path(file).replace_extension(".key"))
                       ? KeySource(file.replace_extension(".key"))
                       : KeySource({}, "pkcs11:");
        };
        pairs.emplace_back(RaPair{profile.name, choice->signing_file, choice->encryption_file,
                                  key(choice->signing_file), key(choice->encryption_file)});
    }
    return pairs;
}

Result<ModuleCertificate> module_certificate(Site& site) {
    const auto& config = site.module();
    if (!config) return Failure(config.error());
    fs::path file = config->certificate_file;
    if (file.empty()) {
        auto choice =
            choose_certificate({config->certificate_store, config->certificate_issuer}, site.now());
        if (!choice) return pass_on(choice);
        file = choice->certificate_file;
    }
    const fs::path key_file =
        config->key_file.empty() ? fs::path(file).replace_extension(".key") : config->key_file;
    return ModuleCertificate{file, key_file, first_of(file)};
}

ProbeOrder module_order(Site& site, const policy::CrpAddress& crp) {
    ProbeOrder order;
    order.url = "https://" + crp.host + ":" + std::to_string(crp.port) + crp.base_path;
    const auto& config = site.module();
    if (!config) return order;
    order.trust = config->server_ca_file;
    const auto own = module_certificate(site);
    if (!own || !own->certificate) return order;
    const auto key = load_private_key(own->key_file);
    if (key && own->certificate->matches(key->get())) {
        order.certificate = own->file;
        order.key = own->key_file;
    }
    return order;
}

std::vector<TrustList> trust_lists(Site& site) {
    std::vector<TrustList> list;
    const auto add = [&list](const char* use, const fs::path& file) {
        if (!file.empty()) list.push_back({use, file});
    };
    if (const auto& config = site.crpd()) {
        add("who may call crpd", config->tls_files.client_ca);
        for (const WebhookOptions& hook : config->state_messages.webhooks)
            add("whom a webhook trusts", hook.server_ca);
    }
    if (const auto& config = site.module())
        add("which crpd the module trusts", config->server_ca_file);
    if (const auto& config = site.ndesd()) {
        if (config->admin.enabled)
            add("who may call the admin listener", config->admin.client_ca_file);
        for (const scep::ProfileConfig& profile : config->profiles)
            add("which CA server ndesd trusts", profile.issuer.server_ca_file);
    }
    return list;
}

Result<CrlDates> read_crl_dates(std::string_view octets, const std::string& name) {
    std::optional<CrlDates> first;
    for (const X509CrlPtr& crl : read_crls(octets)) {
        const ASN1_TIME* next = ::X509_CRL_get0_nextUpdate(crl.get());
        const CrlDates dates{wall_time(::X509_CRL_get0_lastUpdate(crl.get())),
                             next == nullptr ? WallTime::max() : wall_time(next)};
        if (!first || dates.next < first->next) first = dates;
    }
    if (!first) return ndes::fail(ErrorCode::configuration, name + " holds no CRL");
    return *first;
}

}  // namespace ndes::crp::cli::doctor
