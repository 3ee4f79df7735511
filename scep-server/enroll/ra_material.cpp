#include "scep-server/enroll/ra_material.h"

#include <algorithm>

#include "common/crypto/key.h"
#include "scep-server/enroll/ndes_event.h"

namespace ndes::scep {
namespace {

constexpr int kWarnDays = 30;

struct KeyPair {
    Certificate certificate;
    EvpPkeyPtr key;
};

struct PairFiles {
    const std::filesystem::path& certificate;
    const std::filesystem::path& key;
    KeyUsage usage;
    const char* role;
};

bool chains_to(const Certificate& certificate, const std::vector<Certificate>& ca_chain) {
    return std::ranges::any_of(ca_chain, [&](const Certificate& ca) {
        return certificate.der() == ca.der() || certificate.is_issued_by(ca);
    });
}

Result<void> check_pair(const KeyPair& pair, const PairFiles& files,
                        const std::vector<Certificate>& ca_chain) {
    const std::string file = files.certificate.string();
    if (!pair.certificate.matches(pair.key.get()))
        return fail(ErrorCode::configuration, files.key.string() + " is not the key of " + file);
    // RFC 8894 section 3.1: clients encrypt to RSA keys and expect RSA signatures.
    if (key_facts(pair.key.get()).type != KeyType::rsa)
        return fail(ErrorCode::configuration, file + ": the key is not RSA");
    if (!pair.certificate.has_key_usage(files.usage))
        return fail(ErrorCode::configuration,
                    file + ": its key usage lacks " + to_string(files.usage));
    if (!chains_to(pair.certificate, ca_chain))
        return fail(ErrorCode::configuration, file + ": is not issued by the CA of [issuer]");
    return {};
}

Result<KeyPair> load_pair(const PairFiles& files, const std::vector<Certificate>& ca_chain) {
    auto certificates = load_certificates(files.certificate);
    if (!certificates) return pass_on(certificates, files.role);
    auto key = load_private_key(files.key);
    if (!key) return pass_on(key, files.role);
    KeyPair pair{certificates->front(), std::move(*key)};
    if (auto checked = check_pair(pair, files, ca_chain); !checked)
        return pass_on(checked, files.role);
    return pair;
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

}  // namespace

Result<std::shared_ptr<const RaMaterial>> load_ra(const RaConfig& config,
                                                  const std::vector<Certificate>& ca_chain) {
    auto signing = load_pair({config.signing_certificate_file, config.signing_key_file,
                              KeyUsage::digital_signature, "RA signing certificate"},
                             ca_chain);
    if (!signing) return pass_on(signing);
    auto encryption = load_pair({config.encryption_certificate_file, config.encryption_key_file,
                                 KeyUsage::key_encipherment, "RA encryption certificate"},
                                ca_chain);
    if (!encryption) return pass_on(encryption);
    auto ra = std::make_shared<RaMaterial>(
        RaMaterial{{std::move(signing->certificate), std::move(signing->key),
                    std::move(encryption->certificate), std::move(encryption->key)},
                   {},
                   {},
                   {}});
    ra->not_after = std::min(ra->identity.signing_certificate.not_after(),
                             ra->identity.encryption_certificate.not_after());
    if (auto done = set_get_ca_cert(*ra, ca_chain); !done) return pass_on(done);
    return std::shared_ptr<const RaMaterial>(std::move(ra));
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
