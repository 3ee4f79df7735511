#include "scep-server/profile.h"

#include <algorithm>
#include <array>
#include <utility>

#include "scep-server/enroll/ndes_event.h"
#include "scep-server/enroll/ra_books.h"
#include "scep-server/issuer/issuer_factory.h"

namespace ndes::scep {
namespace {

// As the registry spells them; SHA1 and MD5, which it knows too, sign nothing here.
constexpr std::array<std::string_view, 6> kHashes{"SHA256",  "SHA384",  "SHA512",
                                                  "SHA-256", "SHA-384", "SHA-512"};

template <class T>
Failure noted(Result<T>& failed, NdesEvent event, const char* text, Log& log) {
    note_event(log, Severity::error, event, text,
               {{"cause", failed.error().text}, {"detail", failed.error().detail}});
    return pass_on(failed);
}

Result<void> check_hash(const std::string& name) {
    if (std::ranges::find(kHashes, name) != kHashes.end()) return {};
    return fail(ErrorCode::configuration, "HashAlgorithm: \"" + name +
                                              "\" is not supported; known are SHA256, SHA384 and "
                                              "SHA512");
}

Result<std::shared_ptr<const RaMaterial>> load_ra_of(const ProfileConfig& config,
                                                     const Issuer& issuer, Log& log, WallTime now,
                                                     const RaMaterial* before) {
    auto ra = load_ra(config.ra, issuer.ca_chain(), now);
    if (!ra) return noted(ra, kFailedRaCertificate, "the RA certificates are unusable", log);
    auto next = make_next_ca(config.issuer.next_ca_file, issuer);
    if (!next) return noted(next, kGetCaCertificateFailed, "GetNextCACert cannot be answered", log);
    (*ra)->next_ca_body = std::move(*next);
    if (before != nullptr) keep_opening(**ra, *before, now + config.ra.overlap, now);
    return std::shared_ptr<const RaMaterial>(std::move(*ra));
}

EnrollmentRules rules_of(const ProfileConfig& config, const Issuer& issuer) {
    EnrollmentRules rules;
    rules.algorithms = {config.scep.legacy_des_sha1, config.scep.allow_3des};
    rules.reading.allow_renewal = config.scep.allow_renewal;
    rules.reading.templates = config.mscep.templates;
    rules.reading.ca_chain = issuer.ca_chain();
    rules.reading.require_password = config.mscep.enforce_password;
    rules.reading.match_renewal_names = !config.mscep.disable_renewal_subject_name_match;
    rules.reading.profile = config.name;
    rules.reading.minimum_rsa_bits = config.scep.minimum_rsa_bits;
    rules.fail_info_text = config.scep.fail_info_text;
    return rules;
}

IssuanceRules issuance_rules(const ProfileConfig& config, const std::string& ca_name) {
    return {config.name,
            ca_name,
            config.issuer.default_validity_days,
            config.issuer.manual_approval,
            config.mscep.refresh_period,
            config.mscep.cache_request};
}

// A CRL that we make says no more than our books.
bool reads_crl(const IssuerConfig& config) {
    return !config.crl_file.empty() && !config.makes_crl();
}

}  // namespace

Result<ProfileFiles> load_profile_files(const ProfileConfig& config, Log& log, const Clock& clock,
                                        Random& random) {
    if (auto known = check_hash(config.mscep.hash_algorithm); !known) {
        note_event(log, Severity::error, kFailedHash, "the hash algorithm cannot be used",
                   {{"cause", known.error().text}, {"setting", "mscep.HashAlgorithm"}});
        return pass_on(known);
    }
    auto ca = load_certificates(config.issuer.certificate_file);
    if (!ca) {
        auto named = Result<void>(Failure(std::move(ca.error()).within("CA certificate")));
        return noted(named, kFailedCaCertificate, "the CA's certificate cannot be read", log);
    }
    auto issuer = make_issuer(config.issuer, clock, random);
    if (!issuer) return noted(issuer, kFailedCaInfo, "the CA cannot be used", log);
    auto ra = load_ra_of(config, **issuer, log, clock.now(), nullptr);
    if (!ra) return pass_on(ra);
    std::string name =
        config.mscep.configuration.empty() ? (*issuer)->name() : config.mscep.configuration;
    return ProfileFiles{std::move(*issuer), std::move(*ra), std::move(name)};
}

Profile::Profile(const ProfileConfig& config, ProfileFiles files, ProfileParts parts)
    : config_(config),
      log_(parts.log),
      clock_(parts.clock),
      ledger_(parts.journal.serials()),
      issuer_(std::move(files.issuer)),
      ra_(std::move(files.ra)),
      revocation_(ledger_, *issuer_, reads_crl(config_.issuer)),
      issuance_({parts.policy, *issuer_, parts.journal, revocation_, parts.seal, parts.clock,
                 std::move(parts.notify_recorded), std::move(parts.notify_room), parts.observer},
                issuance_rules(config_, files.ca_name)),
      access_(parts.journal, *issuer_, revocation_, config_.name),
      enrollment_(rules_of(config_, *issuer_), ra_, issuance_, access_, parts.log, parts.clock,
                  parts.random, parts.observer),
      endpoint_(config_.scep, ra_, enrollment_, parts.log) {
    issuer_->keep_serials(ledger_);
}

bool Profile::reload() {
    const auto issuer = issuer_->reload(clock_.now());
    if (!issuer)
        log_.note(Severity::error, "reload: the issuer's files in use stay",
                  {{"profile", config_.name}, {"cause", issuer.error().text}});
    auto ra = load_ra_of(config_, *issuer_, log_, clock_.now(), ra_.get().get());
    if (!ra) {
        log_.note(Severity::error, "reload: the RA certificates in use stay",
                  {{"profile", config_.name}, {"cause", ra.error().text}});
        return false;
    }
    ra_.replace(std::move(*ra));
    book_ra();
    warn_of_dates();
    return issuer.has_value();
}

// The CA has signed them, though not by way of its books: they are listed, and can be revoked, like
// all others.
void Profile::book_ra() {
    if (issuer_->has_ca_key())
        book_ra_certificates(config_.ra, *ra_.get(), issuer_->ca_chain().front(),
                             {ledger_, log_, clock_.now()});
}

void Profile::book(const Certificate& certificate) {
    if (issuer_->has_ca_key())
        book_own_certificate(certificate, issuer_->ca_chain().front(),
                             {ledger_, log_, clock_.now()});
}

void Profile::tend() {
    if (auto rest = without_overdue(*ra_.get(), clock_.now())) ra_.replace(std::move(rest));
}

void Profile::warn_of_dates() const { warn_of_ra_dates(*ra_.get(), clock_.now(), log_); }

int Profile::ra_days_left() const { return scep::ra_days_left(*ra_.get(), clock_.now()); }

}  // namespace ndes::scep
