// DR-19: the policy module's client certificate.
#include <filesystem>

#include "common/crypto/key.h"
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/material.h"
#include "crp-service/cli/doctor/site.h"

namespace ndes::crp::cli::doctor {

namespace {

namespace fs = std::filesystem;
constexpr const char* kClientAuth = "1.3.6.1.5.5.7.3.2";

// A certificate for clientAuth beside `file` that began later and ends later, with its key.
std::optional<std::pair<fs::path, Certificate>> unused_newer(const fs::path& file,
                                                             const Certificate& own) {
    std::error_code fault;
    for (fs::directory_iterator at(file.parent_path(), fault), end; !fault && at != end;
         at.increment(fault)) {
        if (at->path().extension() != ".pem" || fs::equivalent(at->path(), file, fault)) continue;
        const auto found = load_certificates(at->path());
        if (!found) continue;
        const Certificate& one = found->front();
        if (one.subject_text() != own.subject_text() || one.not_after() <= own.not_after() ||
            !one.has_extended_key_usage(kClientAuth) ||
            !fs::exists(fs::path(at->path()).replace_extension(".key"), fault))
            continue;
        return std::pair(at->path(), one);
    }
    return std::nullopt;
}

void judge_newer(Site& site, const fs::path& file, const Certificate& own, Finding& finding) {
    const auto newer = unused_newer(file, own);
    const std::string choose = "set crp.certificate_file and key_file in " +
                               site.module_config_file().string() +
                               " to it; systemctl restart ndesd";
    if (own.not_after() <= site.now()) {
        finding.fail(
            "Client certificate " + own.sha1().substr(0, 8) + "… ended on " +
                day_text(own.not_after()) +
                (newer ? "; a newer one (" + newer->first.string() + ", to " +
                             day_text(newer->second.not_after()) + ") is there but not selected"
                       : ""),
            "Every VerifyRequest fails (NDES event 29, error 0x80004005).",
            newer ? choose : "put a new pair there; the module takes it by itself");
    } else if (newer && !site.module()->certificate_file.empty()) {
        finding.warn("A newer client certificate lies unused: " + newer->first.string(),
                     "The one in use ends first, on " + day_text(own.not_after()) + ".", choose);
    }
}

void judge_module_key(const ModuleCertificate& own, Finding& finding) {
    const auto key = load_private_key(own.key_file);
    if (!key) {
        finding.fail("key of the module's certificate: " + key.error().text,
                     "ndesd does not start, or every VerifyRequest fails.",
                     "chmod 0600 " + own.key_file.string() + ", and let it belong to ndesd's user");
    } else if (!own.certificate->matches(key->get())) {
        finding.fail(
            own.key_file.string() + " is not the key of " + name_of(*own.certificate, own.file),
            "Every VerifyRequest fails.", "put the two files of one pair there");
    }
}

}  // namespace

Finding check_module_certificate(Site& site) {
    const auto& config = site.module();
    if (!config) return not_to_be_had(config.error());
    Finding finding;
    const auto own = module_certificate(site);
    if (!own || !own->certificate) {
        finding.fail(own ? own->certificate.error().text : own.error().text,
                     "ndesd does not start: no device is answered.",
                     "put the module's certificate there, PEM");
        return finding;
    }
    const Certificate& certificate = *own->certificate;
    const std::string name = name_of(certificate, own->file);
    judge_module_key(*own, finding);
    if (!certificate.has_extended_key_usage(kClientAuth))
        finding.fail(name + " is not for clientAuth", "crpd refuses it: every enrolment ends.",
                     "reissue it with extendedKeyUsage clientAuth");
    if (certificate.is_self_signed())
        finding.warn(name + " is self-signed", "crpd takes it only if it is itself on its list.",
                     "have a CA of crpd's client_ca_file issue it");
    judge_newer(site, own->file, certificate, finding);
    finding.found(name + ", to " + day_text(certificate.not_after()));
    return finding;
}

}  // namespace ndes::crp::cli::doctor
