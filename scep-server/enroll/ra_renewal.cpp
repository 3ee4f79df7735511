#include "scep-server/enroll/ra_renewal.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/expiry/module_client.h"
#include "common/expiry/renewal.h"
#include "scep-server/enroll/ra_store.h"
#include "scep-server/own_files.h"

namespace ndes::scep {
namespace {

constexpr std::chrono::hours kTryAgain{1};
constexpr std::chrono::seconds kLeastStep{1};  // certificates count seconds

struct InUse {
    Certificate signing;
    Certificate encryption;
};

// The pair that ndesd chooses, or the one that it chose while that was in date; nothing when the
// folder holds none of this CA.
std::optional<InUse> pair_in_use(const ProfileConfig& profile,
                                 const std::vector<Certificate>& ca_chain, WallTime now) {
    const RaConfig& ra = profile.ra;
    if (auto chosen = choose_ra(ra.store, ca_chain, ra.overlap, now))
        return InUse{chosen->identity.signing_certificate, chosen->identity.encryption_certificate};
    auto signing = newest_ra(ra.store, true, now);
    auto encryption = newest_ra(ra.store, false, now);
    if (!signing || !encryption) return std::nullopt;
    // What does not fit for another reason than its age would not fit when it is new.
    const bool ended =
        signing->certificate.not_after() < now || encryption->certificate.not_after() < now;
    const auto ours = [&](const RaFile& one) {
        return one.certificate.is_issued_by(ca_chain.front());
    };
    if (!ended || !ours(*signing) || !ours(*encryption)) return std::nullopt;
    return InUse{signing->certificate, encryption->certificate};
}

// From a little before now, for clocks that are behind, but after `before`: the newest is taken.
WallTime begin_after(const Certificate& before, std::chrono::milliseconds backdate, WallTime now) {
    return std::max(now - backdate, before.not_before() + kLeastStep);
}

// No certificate outlives its CA.
WallTime end_of(const RaConfig& ra, const LocalCa& ca, WallTime now) {
    return std::min(now + ra.renew_validity, ca.certificate.not_after());
}

}  // namespace

bool RaRenewal::may_try(const std::string& what) {
    const SteadyTime now = parts_.clock.steady_now();
    const auto before = tried_.find(what);
    if (before != tried_.end() && now - before->second < kTryAgain) return false;
    tried_[what] = now;
    return true;
}

void RaRenewal::failed(const char* what, const ProfileConfig& profile, const Error& error) {
    parts_.told(what, false);
    parts_.log.note(Severity::error, "a certificate of ours cannot be renewed",
                    {{"what", what},
                     {"profile", profile.name},
                     {"cause", error.text},
                     {"detail", error.detail}});
}

void RaRenewal::done(const char* what, const ProfileConfig& profile,
                     const std::filesystem::path& file) {
    parts_.told(what, true);
    parts_.log.note(Severity::info, "a certificate of ours is renewed",
                    {{"what", what}, {"profile", profile.name}, {"file", file.string()}});
}

Result<void> RaRenewal::make_pair(const ProfileConfig& profile, const Certificate& signing,
                                  const Certificate& encryption) {
    const WallTime now = parts_.clock.now();
    auto ca = load_local_ca(profile.issuer.certificate_file, profile.issuer.key);
    if (!ca) return pass_on(ca);
    const auto backdate = profile.issuer.backdate;
    const WallTime begins =
        std::max(begin_after(signing, backdate, now), begin_after(encryption, backdate, now));
    auto pair = make_ra_pair(
        {profile.ra.store, ::X509_get_subject_name(signing.handle()),
         ::X509_get_subject_name(encryption.handle()), begins, end_of(profile.ra, *ca, now)},
        *ca, now);
    if (!pair) return pass_on(pair);
    done("ra", profile, pair->encryption);
    return {};
}

bool RaRenewal::renew_ra(const ProfileConfig& profile) {
    const RaConfig& ra = profile.ra;
    if (!ra.auto_renew || profile.issuer.kind != "local") return false;
    const auto ca_chain = load_certificates(profile.issuer.certificate_file);
    if (!ca_chain) return false;  // told by who loads the issuer
    const WallTime now = parts_.clock.now();
    const auto used = pair_in_use(profile, *ca_chain, now);
    if (!used) return false;
    const WallTime due = std::min(renewal_time(used->signing, ra.renew_before),
                                  renewal_time(used->encryption, ra.renew_before));
    if (now < due || !may_try("ra/" + profile.name)) return false;
    auto made = make_pair(profile, used->signing, used->encryption);
    if (!made) failed("ra", profile, made.error());
    return made.has_value();
}

void RaRenewal::renew_client(const ProfileConfig& profile) {
    if (!profile.policy.renew_client || profile.issuer.kind != "local") return;
    const WallTime now = parts_.clock.now();
    const auto client = find_module_client(profile.policy.module_config);
    auto current = client ? choose_module_client(*client, now)
                          : Result<CertificateChoice>(fail(ErrorCode::configuration,
                                                           profile.policy.module_config.string() +
                                                               ": names no client certificate"));
    if (current && now < renewal_time(current->certificate, profile.ra.renew_before)) return;
    if (!may_try("client/" + profile.name)) return;
    auto renewed = [&]() -> Result<std::filesystem::path> {
        if (!current) return pass_on(current);
        if (client->store.folder.empty())
            return fail(ErrorCode::configuration,
                        "policy.renew_client needs crp.certificate_store in module_config");
        auto ca = load_local_ca(profile.issuer.certificate_file, profile.issuer.key);
        if (!ca) return pass_on(ca);
        return make_client_certificate(
            *current,
            {client->store.folder, profile.policy.renew_client_new_key,
             begin_after(current->certificate, profile.issuer.backdate, now),
             end_of(profile.ra, *ca, now)},
            *ca, now);
    }();
    if (!renewed) return failed("client", profile, renewed.error());
    if (const auto certificates = load_certificates(*renewed))
        parts_.issued(profile, certificates->front());
    done("client", profile, *renewed);
}

}  // namespace ndes::scep
