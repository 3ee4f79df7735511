#include "scep-server/foundation.h"

#include <algorithm>
#include <utility>

#include "scep-server/service.h"

namespace ndes::scep {

Result<Foundation> load_foundation(const Config& config, Log& log, const Clock& clock,
                                   Random& random, RaRenewal* renewal) {
    if (!config.pkcs11.module.empty())
        if (auto opened = use_pkcs11(config.pkcs11); !opened) return pass_on(opened);
    std::vector<ProfileFiles> profiles;
    for (const ProfileConfig& profile : config.profiles) {
        if (renewal != nullptr) static_cast<void>(renewal->renew_ra(profile));
        auto files = load_profile_files(profile, log, clock, random);
        if (!files && !profile.name.empty())
            return pass_on(files, "profile \"" + profile.name + "\"");
        if (!files) return pass_on(files);
        profiles.push_back(std::move(*files));
    }
    auto seal = ChallengeSeal::load(config.journal.key_file, random);
    if (!seal) return pass_on(seal);
    auto listeners = load_listener_files(config);
    if (!listeners) return pass_on(listeners);
    return Foundation{std::move(profiles), std::move(*seal), std::move(*listeners)};
}

Result<Policies> load_policies(const Config& config, const Foundation& foundation,
                               const PasswordParts& parts, Log& log, const Clock& clock) {
    Policies policies;
    for (std::size_t i = 0; i < config.profiles.size(); ++i) {
        const ProfileConfig& profile = config.profiles[i];
        // The password cache is bound to its profile; a module is asked for all that share it.
        if (i > 0 && !profile.policy.own && !profile.policy.none) {
            policies.of_profile.push_back(policies.of_profile.front());
            continue;
        }
        auto policy = profile.policy.none
                          ? make_password_policy(profile.mscep, profile.name, parts)
                          : load_policy_module({profile.policy.module, profile.policy.module_config,
                                                foundation.profiles[i].ca_name},
                                               log);
        if (!policy) return pass_on(policy);
        policies.owned.push_back(std::make_unique<PolicyWatch>(std::move(*policy), clock));
        policies.of_profile.push_back(policies.owned.back().get());
    }
    return policies;
}

PolicyStanding Policies::standing() const {
    PolicyStanding worst;
    for (const auto& policy : owned) {
        const PolicyStanding one = policy->standing();
        worst.answers = worst.answers && one.answers;
        worst.failed_at = std::max(worst.failed_at, one.failed_at);
    }
    return worst;
}

std::vector<std::filesystem::path> files_to_watch(const Config& config) {
    std::vector<std::filesystem::path> files{
        config.server.certificate_file, config.server.key_file,      config.admin.certificate_file,
        config.admin.key_file,          config.admin.client_ca_file, config.admin.password_file};
    for (const ProfileConfig& profile : config.profiles) {
        const RaConfig& ra = profile.ra;
        const IssuerConfig& issuer = profile.issuer;
        files.insert(files.end(), {ra.signing_certificate_file, ra.signing_key.file,
                                   ra.encryption_certificate_file, ra.encryption_key.file, ra.store,
                                   issuer.certificate_file, issuer.next_ca_file,
                                   issuer.server_ca_file, issuer.client_certificate_file,
                                   issuer.client_key_file, issuer.auth_key_file});
        std::error_code gone;
        for (std::filesystem::directory_iterator at(ra.store, gone), end; !gone && at != end;
             at.increment(gone))
            files.push_back(at->path());
    }
    std::erase(files, std::filesystem::path());
    return files;
}

}  // namespace ndes::scep
