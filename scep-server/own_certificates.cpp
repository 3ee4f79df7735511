#include "scep-server/own_certificates.h"

#include "scep-server/own_files.h"

namespace ndes::scep {

void OwnCertificates::look(const Config& config,
                           const std::vector<std::unique_ptr<Profile>>& profiles, WallTime now) {
    auto list = std::make_shared<ExpiringList>(own_files(config, now));
    std::erase_if(*list, [](const Expiring& one) {
        return one.kind == ExpiringKind::certificate && one.use.starts_with("ra-");
    });
    for (const auto& profile : profiles) {
        const auto ra = profile->ra();
        const std::string& name = profile->config().name;
        list->push_back(expiring_certificate(use_of("ra-signing", name), ra->signing_file,
                                             ra->identity.signing_certificate));
        list->push_back(expiring_certificate(use_of("ra-encryption", name), ra->encryption_file,
                                             ra->identity.encryption_certificate));
    }
    const std::lock_guard lock(mutex_);
    list_ = std::move(list);
}

}  // namespace ndes::scep
