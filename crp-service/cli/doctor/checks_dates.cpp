// DR-05, DR-07: ends of certificates and CRLs; the URLs in certificates.
#include <set>

#include "common/file.h"
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/material.h"
#include "crp-service/cli/doctor/site.h"

namespace ndes::crp::cli::doctor {

namespace {

void judge_crl_file(const UsedCrl& crl, WallTime now, Finding& finding) {
    auto octets = read_file(crl.file, 64 << 20);
    auto dates = octets ? read_crl_dates(*octets, crl.file.string())
                        : Result<CrlDates>(Failure(octets.error()));
    const std::string what = crl.use + " (" + crl.file.string() + ")";
    if (!dates) {
        finding.fail(crl.use + ": " + dates.error().text,
                     "Who checks revocation refuses every certificate of this CA.", crl.repair);
    } else if (auto trouble = judge_crl(what, dates->made, dates->next, now, crl.repair)) {
        finding.add(std::move(*trouble));
    }
}

}  // namespace

Finding check_dates(Site& site) {
    const auto used = certificates_in_use(site);
    if (used.empty()) return Finding::skipped("no configuration here names a certificate");
    Finding finding;
    WallTime first = WallTime::max();
    for (const UsedCertificate& one : used) {
        if (!one.certificate) {
            finding.fail(one.use + ": " + one.certificate.error().text,
                         "It is missing at the next start or reload.", one.repair);
            continue;
        }
        const std::string what = one.use + " " + name_of(*one.certificate, one.file);
        if (one.certificate->not_before() > site.now())
            finding.fail(what + " is not valid before " + to_rfc3339(one.certificate->not_before()),
                         "The other side refuses it until then.",
                         "timedatectl set-ntp true, if the clock is wrong; else another one");
        if (auto trouble =
                judge_end(what, one.certificate->not_after(), site.now(), one.effect, one.repair))
            finding.add(std::move(*trouble));
        first = std::min(first, one.certificate->not_after());
    }
    const auto crls = crls_in_use(site);
    for (const UsedCrl& crl : crls)
        judge_crl_file(crl, site.now(), finding);
    finding.found(std::to_string(used.size()) + " certificates, the first ends on " +
                  day_text(first) + "; " + std::to_string(crls.size()) + " CRLs");
    return finding;
}

namespace {

struct NamedUrls {
    std::vector<std::string> crl;
    std::vector<std::string> others;  // OCSP and the issuer's certificate
};

void add_uri(const GENERAL_NAME* name, std::vector<std::string>& urls) {
    int type = 0;
    const void* value = ::GENERAL_NAME_get0_value(name, &type);
    if (type != GEN_URI) return;
    const auto* text = static_cast<const ASN1_IA5STRING*>(value);
    urls.emplace_back(reinterpret_cast<const char*>(::ASN1_STRING_get0_data(text)),
                      static_cast<std::size_t>(::ASN1_STRING_length(text)));
}

NamedUrls urls_of(const Certificate& certificate) {
    NamedUrls urls;
    auto* points = static_cast<CRL_DIST_POINTS*>(
        ::X509_get_ext_d2i(certificate.handle(), NID_crl_distribution_points, nullptr, nullptr));
    for (int i = 0; i < sk_DIST_POINT_num(points); ++i) {
        const DIST_POINT* point = sk_DIST_POINT_value(points, i);
        if (point->distpoint == nullptr || point->distpoint->type != 0) continue;
        const GENERAL_NAMES* names = point->distpoint->name.fullname;
        for (int j = 0; j < sk_GENERAL_NAME_num(names); ++j)
            add_uri(sk_GENERAL_NAME_value(names, j), urls.crl);
    }
    ::CRL_DIST_POINTS_free(points);
    auto* access = static_cast<AUTHORITY_INFO_ACCESS*>(
        ::X509_get_ext_d2i(certificate.handle(), NID_info_access, nullptr, nullptr));
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access); ++i)
        add_uri(sk_ACCESS_DESCRIPTION_value(access, i)->location, urls.others);
    ::AUTHORITY_INFO_ACCESS_free(access);
    return urls;
}

bool is_http(const std::string& url) { return url.starts_with("http://"); }

void judge_crl_url(const std::string& url, const std::string& what, WallTime now,
                   Finding& finding) {
    constexpr const char* kEffect =
        "Devices that check revocation reject the answer, or wait long for it.";
    const std::string repair = "curl -v " + url + ", from where devices are; publish the CRL there";
    ProbeOrder order;
    order.url = url;
    auto answer = probe(order);
    if (!answer) {
        finding.fail("CRL of " + what + " at " + url + ": " + answer.error().text, kEffect, repair);
    } else if (answer->status != 200) {
        finding.fail("CRL of " + what + " at " + url + ": HTTP " + std::to_string(answer->status),
                     kEffect, repair);
    } else if (auto dates = read_crl_dates(answer->body, url); !dates) {
        finding.fail(dates.error().text, kEffect, repair);
    } else if (auto trouble = judge_crl("the CRL at " + url, dates->made, dates->next, now,
                                        "have the CA publish it anew")) {
        finding.add(std::move(*trouble));
    }
}

void judge_other_url(const std::string& url, const std::string& what, Finding& finding) {
    ProbeOrder order;
    order.url = url;
    if (auto answer = probe(order); answer && answer->status < 500) return;
    finding.warn("OCSP or issuer of " + what + " at " + url + " does not answer",
                 "Devices that ask there wait, and some refuse.",
                 "curl -v " + url + ", from where devices are");
}

}  // namespace

Finding check_revocation_urls(Site& site) {
    const auto used = certificates_in_use(site);
    if (used.empty()) return Finding::skipped("no configuration here names a certificate");
    Finding finding;
    std::set<std::string> asked;
    for (const UsedCertificate& one : used) {
        if (!one.certificate) continue;  // DR-05 tells
        const std::string what = name_of(*one.certificate, one.file);
        const NamedUrls urls = urls_of(*one.certificate);
        if (!urls.crl.empty() && std::none_of(urls.crl.begin(), urls.crl.end(), is_http))
            finding.fail("CRL of " + what + " is only at " + urls.crl.front(),
                         "Devices outside the directory cannot check revocation and reject the "
                         "answer.",
                         "add an http:// CRL distribution point at the CA and reissue");
        for (const std::string& url : urls.crl)
            if (is_http(url) && asked.insert(url).second)
                judge_crl_url(url, what, site.now(), finding);
        for (const std::string& url : urls.others)
            if (is_http(url) && asked.insert(url).second) judge_other_url(url, what, finding);
    }
    finding.found(asked.empty() ? "no certificate in use names a CRL or OCSP address"
                                : std::to_string(asked.size()) + " addresses answer");
    return finding;
}

}  // namespace ndes::crp::cli::doctor
