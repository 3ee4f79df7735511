// DR-03, DR-04, DR-06: what devices are handed out, the RA's certificates, trust lists.
#include <set>

#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/material.h"
#include "crp-service/cli/doctor/site.h"
#include "scep-server/message/ra_identity.h"

namespace ndes::crp::cli::doctor {

namespace {

constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";

void judge_order(const std::vector<Certificate>& chain, const std::filesystem::path& file,
                 Finding& finding) {
    for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
        if (chain[i].is_issued_by(chain[i + 1])) continue;
        finding.fail(file.string() + ": certificate " + std::to_string(i + 1) + " (" +
                         chain[i].subject_text() + ") is not issued by the one after it (" +
                         chain[i + 1].subject_text() + ")",
                     "Devices that build the chain from GetCACert refuse the answer.",
                     "put the CA first in " + file.string() + ", then its issuer, up to the root");
        return;
    }
    if (!chain.back().is_self_signed())
        finding.warn(
            file.string() + " ends with " + chain.back().subject_text() + ", which is no root",
            "Devices that do not know the root otherwise cannot check what they get.",
            "append the root to " + file.string());
}

// What MDM profiles pin is what crpd tells with each challenge.
void judge_thumbprint(Site& site, const std::vector<Certificate>& chain, Finding& finding) {
    const auto& config = site.crpd();
    if (!config) {
        finding.found("what crpd tells MDMs is not known here: " + config.error().text);
        return;
    }
    auto told = load_certificates(config->challenge.ca_certificate_file);
    if (!told) {
        finding.fail(told.error().text, "crpd does not start, or cannot tell a thumbprint.",
                     "set challenge.ca_certificate_file in " + site.options().crpd_config.string());
        return;
    }
    for (const Certificate& one : chain) {
        if (one.sha1() != told->front().sha1()) continue;
        finding.found("MDMs are told thumbprint " + one.sha1().substr(0, 8) + "…, of this chain");
        return;
    }
    finding.fail("crpd tells MDMs to pin " + told->front().sha1() + " (" +
                     told->front().subject_text() + ") but ndesd hands out " +
                     chain.front().sha1() + " (" + chain.front().subject_text() + ")",
                 "Windows answers \"The hash value is not correct\" (event 32); others refuse too.",
                 "set challenge.ca_certificate_file to ndesd's issuer.certificate_file; "
                 "systemctl restart crpd");
}

}  // namespace

Finding check_ca_chain(Site& site) {
    const auto& config = site.ndesd();
    if (!config) return not_to_be_had(config.error());
    Finding finding;
    std::vector<Certificate> all;
    for (const scep::ProfileConfig& profile : config->profiles) {
        auto chain = load_certificates(profile.issuer.certificate_file);
        if (!chain) {
            finding.fail(chain.error().text, "ndesd does not start: no device is answered.",
                         "set issuer.certificate_file to the CA's certificate and its chain");
            continue;
        }
        judge_order(*chain, profile.issuer.certificate_file, finding);
        all.insert(all.end(), chain->begin(), chain->end());
    }
    if (!all.empty()) judge_thumbprint(site, all, finding);
    return finding;
}

void judge_ra_usage(const Certificate& certificate, const std::string& what, bool for_encryption,
                    Finding& finding) {
    const std::string role = for_encryption ? "keyEncipherment" : "digitalSignature";
    const std::string repair =
        "crpctl ra renew --config ndesd.toml, or have the CA issue it with "
        "keyUsage " +
        role;
    if (::X509_get_ext_by_NID(certificate.handle(), NID_key_usage, -1) < 0) {
        finding.fail(what + " has no keyUsage",
                     "Windows clients stop silently after GetCACert, macOS picks the wrong "
                     "certificate.",
                     repair);
    } else if (!certificate.has_key_usage(for_encryption ? KeyUsage::key_encipherment
                                                         : KeyUsage::digital_signature)) {
        finding.fail(what + " lacks keyUsage " + role,
                     for_encryption ? "Devices cannot encrypt their request."
                                    : "Devices refuse the signature of every answer.",
                     repair);
    }
    if (!certificate.has_extended_key_usage(scep::kCertificateRequestAgent) &&
        !certificate.has_extended_key_usage(kServerAuth))
        finding.warn(what + " is for neither Certificate Request Agent nor serverAuth",
                     "Some clients do not take it for an RA's.", repair);
}

namespace {

void judge_ra_half(const std::filesystem::path& file, const KeySource& key, bool for_encryption,
                   const std::vector<Certificate>& ca, Finding& finding) {
    const std::string what =
        std::string("RA ") + (for_encryption ? "encryption" : "signing") + " certificate";
    constexpr const char* kEffect = "ndesd does not start, or keeps the pair of before.";
    auto found = load_certificates(file);
    if (!found) {
        finding.fail(what + ": " + found.error().text, kEffect, "put it there, PEM");
        return;
    }
    const Certificate& own = found->front();
    if (key.uri.empty()) {
        auto loaded = load_key(key);
        if (!loaded) {
            finding.fail("key of the " + what + ": " + loaded.error().text, kEffect,
                         "chmod 0600 " + key.text() + ", and let it belong to ndesd's user");
        } else if (!own.matches(loaded->get())) {
            finding.fail(key.text() + " is not the key of " + name_of(own, file), kEffect,
                         "put the two files of one pair there");
        }
    }
    const bool issued = std::any_of(ca.begin(), ca.end(), [&](const Certificate& one) {
        return own.is_issued_by(one) || own.sha256() == one.sha256();
    });
    if (!issued)
        finding.fail(name_of(own, file) + " is not issued by the CA that devices are told",
                     "Devices refuse every answer: its signer chains to nothing they know.",
                     "have the CA of issuer.certificate_file issue it");
    judge_ra_usage(own, what, for_encryption, finding);
}

}  // namespace

Finding check_ra_certificates(Site& site) {
    const auto& config = site.ndesd();
    if (!config) return not_to_be_had(config.error());
    Finding finding;
    const auto pairs = ra_pairs(site);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (!pairs[i]) {
            finding.fail(pairs[i].error().text, "ndesd does not start: no device is answered.",
                         "crpctl ra renew --config " + site.options().ndesd_config.string());
            continue;
        }
        auto ca = load_certificates(config->profiles[i].issuer.certificate_file);
        if (!ca) return not_to_be_had(ca.error());
        judge_ra_half(pairs[i]->signing_file, pairs[i]->signing_key, false, *ca, finding);
        judge_ra_half(pairs[i]->encryption_file, pairs[i]->encryption_key, true, *ca, finding);
    }
    finding.found(std::to_string(pairs.size()) + " pair(s): keys, chain and usages fit");
    return finding;
}

namespace {

void judge_trust_list(const TrustList& list, Finding& finding) {
    auto certificates = load_certificates(list.file);
    if (!certificates) {
        finding.fail(list.use + ": " + certificates.error().text,
                     "Nobody can be trusted: every connection of that kind is refused.",
                     "put the roots there, PEM");
        return;
    }
    std::set<std::string> seen;
    std::string intermediate;
    bool has_root = false;
    for (const Certificate& one : *certificates) {
        if (!seen.insert(one.sha256()).second)
            finding.warn(list.file.string() + " contains " + one.subject_text() + " twice",
                         "A removed root may still be trusted by its other copy.",
                         "remove one of them");
        if (one.is_self_signed())
            has_root = true;
        else
            intermediate = one.subject_text();
    }
    if (intermediate.empty()) return;
    const std::string observed =
        list.file.string() + " contains an intermediate (" + intermediate + ")";
    constexpr const char* kRepair =
        "leave only roots there; the other side sends its intermediates after its certificate";
    if (has_root)
        finding.warn(observed, "TLS handshakes may fail, depending on what the other side sends.",
                     kRepair);
    else
        finding.fail(observed + " and no root", "Every TLS handshake fails (403.16 of IIS).",
                     kRepair);
}

}  // namespace

Finding check_trust_lists(Site& site) {
    const auto lists = trust_lists(site);
    if (lists.empty()) return Finding::skipped("no configuration here names a trust list");
    Finding finding;
    for (const TrustList& list : lists)
        judge_trust_list(list, finding);
    finding.found(std::to_string(lists.size()) + " trust lists with roots only");
    return finding;
}

}  // namespace ndes::crp::cli::doctor
