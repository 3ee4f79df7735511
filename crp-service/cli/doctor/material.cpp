#include "crp-service/cli/doctor/material.h"

#include "common/crypto/asn1_time.h"
#include "common/crypto/crl.h"
#include "common/crypto/key.h"
#include "common/expiry/certificate_store.h"
#include "scep-server/enroll/ra_store.h"

namespace ndes::crp::cli::doctor {

namespace {

namespace fs = std::filesystem;

constexpr const char* kRestartNdesd = "put a new certificate there; systemctl reload ndesd";
constexpr const char* kRestartCrpd = "put a new certificate there; systemctl reload crpd";

std::string of_profile(const std::string& profile) {
    return profile.empty() ? "" : " of profile " + profile;
}

Result<Certificate> first_of(const fs::path& file) {
    auto all = load_certificates(file);
    if (!all) return pass_on(all);
    return all->front();
}

void add_used(std::vector<UsedCertificate>& list, const std::string& use, const fs::path& file,
              const std::string& effect, const std::string& repair) {
    if (!file.empty()) list.push_back({use, file, first_of(file), effect, repair});
}

std::string renew_command(Site& site, const std::string& profile) {
    return "crpctl ra renew --config " + site.options().ndesd_config.string() +
           (profile.empty() ? "" : " --profile " + profile) +
           " (with [ra] store; else put new files in their place)";
}

void add_ra(Site& site, std::vector<UsedCertificate>& list) {
    const auto& profiles = site.ndesd()->profiles;
    const auto pairs = ra_pairs(site);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        const std::string& profile = profiles[i].name;
        const std::string effect = "On that day every enrolment" + of_profile(profile) + " ends.";
        const std::string repair = renew_command(site, profile);
        if (!pairs[i]) {
            list.push_back({"RA certificates" + of_profile(profile), profiles[i].ra.store,
                            Failure(pairs[i].error()), effect, repair});
            continue;
        }
        add_used(list, "RA signing certificate" + of_profile(profile), pairs[i]->signing_file,
                 effect, repair);
        add_used(list, "RA encryption certificate" + of_profile(profile), pairs[i]->encryption_file,
                 effect, repair);
    }
}

void add_ndesd(Site& site, std::vector<UsedCertificate>& list) {
    add_ra(site, list);
    const scep::Config& config = *site.ndesd();
    for (const scep::ProfileConfig& profile : config.profiles) {
        add_used(list, "CA certificate" + of_profile(profile.name), profile.issuer.certificate_file,
                 "Nothing can be issued from then on, and all that was ends too.",
                 "renew the CA; announce its successor by issuer.next_ca_file");
        add_used(list, "client certificate for the CA" + of_profile(profile.name),
                 profile.issuer.client_certificate_file, "The CA lets ndesd in no more.",
                 kRestartNdesd);
    }
    add_used(list, "certificate of the device listener", config.server.certificate_file,
             "Devices refuse to connect.", kRestartNdesd);
    if (config.admin.enabled)
        add_used(list, "certificate of the admin listener", config.admin.certificate_file,
                 "The MDM gets no challenge passwords by NDES' admin page.", kRestartNdesd);
}

void add_crpd(Site& site, std::vector<UsedCertificate>& list) {
    const CrpdConfig& config = *site.crpd();
    add_used(list, "certificate of crpd", config.tls_files.certificate,
             "No policy module and no MDM can call crpd: every enrolment ends.", kRestartCrpd);
    for (const auto& recipient : config.challenge.files.recipients)
        add_used(list, "certificate for sealed challenges", recipient.certificate,
                 "MDMs that seal challenges themselves refuse to encrypt to it.", kRestartCrpd);
    add_used(list, "certificate that signs inbox files",
             config.state_messages.inbox_seal.signing_certificate,
             "The MDM refuses the state messages.", kRestartCrpd);
    for (const WebhookOptions& hook : config.state_messages.webhooks)
        add_used(list, "client certificate of webhook " + hook.name, hook.client_certificate,
                 "The webhook's receiver lets crpd in no more.", kRestartCrpd);
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

Result<UsedCertificate> module_certificate(Site& site) {
    const auto& config = site.module();
    if (!config) return Failure(config.error());
    fs::path file = config->certificate_file;
    if (file.empty()) {
        auto choice =
            choose_certificate({config->certificate_store, config->certificate_issuer}, site.now());
        if (!choice) return pass_on(choice);
        file = choice->certificate_file;
    }
    return UsedCertificate{"the policy module's client certificate", file, first_of(file),
                           "Every VerifyRequest fails from then on (NDES event 29, 0x80004005).",
                           "put a new pair there; the module takes it by itself"};
}

ProbeOrder module_order(Site& site, const policy::CrpAddress& crp) {
    ProbeOrder order;
    order.url = "https://" + crp.host + ":" + std::to_string(crp.port) + crp.base_path;
    const auto& config = site.module();
    if (!config) return order;
    order.trust = config->server_ca_file;
    const auto own = module_certificate(site);
    if (!own || !own->certificate) return order;
    const fs::path key_file =
        config->key_file.empty() ? fs::path(own->file).replace_extension(".key") : config->key_file;
    if (const auto key = load_private_key(key_file); key && own->certificate->matches(key->get())) {
        order.certificate = own->file;
        order.key = key_file;
    }
    return order;
}

std::vector<UsedCertificate> certificates_in_use(Site& site) {
    std::vector<UsedCertificate> list;
    if (site.ndesd()) add_ndesd(site, list);
    if (site.crpd()) add_crpd(site, list);
    if (auto own = module_certificate(site)) list.push_back(std::move(*own));
    return list;
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

std::vector<UsedCrl> crls_in_use(Site& site) {
    std::vector<UsedCrl> list;
    if (const auto& config = site.ndesd()) {
        for (const scep::ProfileConfig& profile : config->profiles)
            if (!profile.issuer.crl_file.empty())
                list.push_back({"the CRL" + of_profile(profile.name), profile.issuer.crl_file,
                                profile.issuer.crl_lifetime.count() > 0
                                    ? "systemctl start ndesd, which makes it anew"
                                    : "have the CA write it anew"});
    }
    const auto& config = site.crpd();
    if (config && !config->tls_files.client_crl.empty())
        list.push_back({"the CRL for callers of crpd", config->tls_files.client_crl,
                        "fetch the current one from the callers' CA"});
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

namespace {

void add_file(std::vector<fs::path>& list, const fs::path& file) {
    if (!file.empty()) list.push_back(file);
}

void add_secrets_of(const scep::Config& config, Site& site, std::vector<fs::path>& list) {
    for (const auto& pair : ra_pairs(site)) {
        if (!pair) continue;
        add_file(list, pair->signing_key.file);
        add_file(list, pair->encryption_key.file);
    }
    for (const scep::ProfileConfig& profile : config.profiles) {
        add_file(list, profile.issuer.key.file);
        add_file(list, profile.issuer.client_key_file);
        add_file(list, profile.issuer.auth_key_file);
    }
    add_file(list, config.server.key_file);
    add_file(list, config.admin.key_file);
    add_file(list, config.admin.password_file);
    add_file(list, config.journal.key_file);
    add_file(list, config.pkcs11.pin_file);
}

void add_secrets_of(const CrpdConfig& config, std::vector<fs::path>& list) {
    add_file(list, config.tls_files.key);
    for (const fs::path& file : config.challenge.files.keys)
        add_file(list, file);
    for (const fs::path& file : config.challenge.files.peppers)
        add_file(list, file);
    for (const auto& recipient : config.challenge.files.recipients)
        add_file(list, recipient.key);
    add_file(list, config.state_messages.inbox_seal.signing_key);
    for (const WebhookOptions& hook : config.state_messages.webhooks) {
        add_file(list, hook.client_key);
        for (const fs::path& file : hook.secret_files)
            add_file(list, file);
    }
    add_file(list, config.audit.signing_key_file);
    add_file(list, config.store.connection_file);
}

}  // namespace

std::vector<fs::path> secret_files(Site& site) {
    std::vector<fs::path> list;
    if (const auto& config = site.ndesd()) add_secrets_of(*config, site, list);
    if (const auto& config = site.crpd()) add_secrets_of(*config, list);
    if (const auto own = module_certificate(site))
        add_file(list, site.module()->key_file.empty()
                           ? fs::path(own->file).replace_extension(".key")
                           : site.module()->key_file);
    return list;
}

}  // namespace ndes::crp::cli::doctor
