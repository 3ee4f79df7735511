#include "scep-server/enroll/ra_material.h"

#include <algorithm>

#include "scep-server/enroll/ndes_event.h"
#include "scep-server/enroll/ra_store.h"
#include "scep-server/message/ra_identity.h"

namespace ndes::scep {
namespace {

constexpr int kWarnDays = 30;

Result<void> check_chain(const Certificate& certificate, const std::filesystem::path& file,
                         const std::vector<Certificate>& ca_chain) {
    const bool chains = std::ranges::any_of(ca_chain, [&](const Certificate& ca) {
        return certificate.der() == ca.der() || certificate.is_issued_by(ca);
    });
    if (chains) return {};
    return fail(ErrorCode::configuration,
                "RA certificate " + file.string() + ": is not issued by the CA of [issuer]");
}

void add_once(std::vector<Certificate>& list, const Certificate& certificate) {
    const auto same = [&](const Certificate& other) { return other.der() == certificate.der(); };
    if (std::ranges::none_of(list, same)) list.push_back(certificate);
}

// RFC 8894 section 4.2.1: a lone CA certificate as such, with an RA all of them as a degenerate
// SignedData.
Result<void> set_get_ca_cert(RaMaterial& ra, const std::vector<Certificate>& ca_chain) {
    std::vector<Certificate> list{ra.identity.signing_certificate};
    add_once(list, ra.identity.encryption_certificate);
    for (const Certificate& ca : ca_chain)
        add_once(list, ca);
    if (list.size() == 1) {
        ra.get_ca_cert_body = as_text(list.front().der());
        ra.get_ca_cert_type = "application/x-x509-ca-cert";
        return {};
    }
    auto body = encode_certificate_list(list);
    if (!body) return pass_on(body, "GetCACert");
    ra.get_ca_cert_body = as_text(*body);
    ra.get_ca_cert_type = "application/x-x509-ca-ra-cert";
    return {};
}

// The two pairs that the configuration names.
Result<RaChoice> load_named(const RaConfig& config, const std::vector<Certificate>& ca_chain) {
    auto identity = load_ra_identity(config.signing_certificate_file, config.signing_key,
                                     config.encryption_certificate_file, config.encryption_key);
    if (!identity) return pass_on(identity);
    if (auto ok =
            check_chain(identity->signing_certificate, config.signing_certificate_file, ca_chain);
        !ok)
        return pass_on(ok);
    if (auto ok = check_chain(identity->encryption_certificate, config.encryption_certificate_file,
                              ca_chain);
        !ok)
        return pass_on(ok);
    return RaChoice{std::move(*identity), config.signing_certificate_file,
                    config.encryption_certificate_file};
}

void keep_one(RaIdentity& ra, const OlderDecryption& older, WallTime now) {
    const auto same = [&](const Certificate& other) {
        return other.der() == older.certificate.der();
    };
    const bool known = same(ra.encryption_certificate) ||
                       std::ranges::any_of(ra.older, same, &OlderDecryption::certificate);
    if (!known && now < older.until) ra.older.push_back(older);
}

}  // namespace

void keep_opening(RaMaterial& ra, const RaMaterial& before, WallTime until, WallTime now) {
    keep_one(ra.identity,
             {before.identity.encryption_certificate, before.identity.decryption_key, until}, now);
    for (const OlderDecryption& older : before.identity.older)
        keep_one(ra.identity, older, now);
}

std::shared_ptr<const RaMaterial> without_overdue(const RaMaterial& ra, WallTime now) {
    const auto overdue = [&](const OlderDecryption& older) { return older.until <= now; };
    if (std::ranges::none_of(ra.identity.older, overdue)) return nullptr;
    auto rest = std::make_shared<RaMaterial>(ra);
    std::erase_if(rest->identity.older, overdue);
    return rest;
}

Result<std::shared_ptr<RaMaterial>> load_ra(const RaConfig& config,
                                            const std::vector<Certificate>& ca_chain,
                                            WallTime now) {
    Result<RaChoice> choice = config.store.empty()
                                  ? load_named(config, ca_chain)
                                  : choose_ra(config.store, ca_chain, config.overlap, now);
    if (!choice) return pass_on(choice);
    auto ra = std::make_shared<RaMaterial>();
    ra->identity = std::move(choice->identity);
    ra->signing_file = std::move(choice->signing_file);
    ra->encryption_file = std::move(choice->encryption_file);
    ra->not_after = std::min(ra->identity.signing_certificate.not_after(),
                             ra->identity.encryption_certificate.not_after());
    if (auto done = set_get_ca_cert(*ra, ca_chain); !done) return pass_on(done);
    auto chain = encode_certificate_list(ca_chain);
    if (!chain) return pass_on(chain, "GetCACertChain");
    ra->ca_chain_body = as_text(*chain);
    return ra;
}

Result<std::string> make_next_ca(const std::filesystem::path& file, const Issuer& issuer) {
    if (file.empty()) return std::string();
    auto certificates = load_certificates(file);
    if (!certificates) return pass_on(certificates, "next CA");
    if (::X509_check_ca(certificates->front().handle()) == 0)
        return fail(ErrorCode::configuration, "next CA " + file.string() + ": is no CA");
    auto list = encode_certificate_list(*certificates);
    if (!list) return pass_on(list, "GetNextCACert");
    auto signed_list = issuer.sign_as_ca(*list);
    if (!signed_list) return pass_on(signed_list, "GetNextCACert");
    return std::string(as_text(*signed_list));
}

int ra_days_left(const RaMaterial& ra, WallTime now) {
    return static_cast<int>(std::chrono::floor<std::chrono::days>(ra.not_after - now).count());
}

void warn_of_ra_dates(const RaMaterial& ra, WallTime now, Log& log) {
    const int days = ra_days_left(ra, now);
    if (days >= kWarnDays) return;
    const bool expired = days < 0;
    note_event(log, expired ? Severity::error : Severity::warning,
               expired ? kRaExpired : kRaCloseToExpire,
               expired ? "at least one RA certificate has expired"
                       : "at least one RA certificate will expire soon",
               {{"not_after", to_rfc3339(ra.not_after)}, {"days_left", std::to_string(days)}});
}

}  // namespace ndes::scep
