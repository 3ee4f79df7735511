// DR-05, DR-07: ends of certificates and CRLs; the URLs in certificates.
#include <algorithm>
#include <set>

#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/material.h"
#include "crp-service/cli/doctor/meaning.h"
#include "crp-service/cli/doctor/site.h"

namespace ndes::crp::cli::doctor {

namespace {

// Of several that are trusted, one whose successor, of the same name, is trusted already cuts
// nobody off by itself.
bool has_successor(const OwnFile& own, const std::vector<OwnFile>& all, WallTime now) {
    constexpr std::chrono::days kLater{30};
    return std::ranges::any_of(all, [&](const OwnFile& other) {
        return other.program == own.program && other.what.use == own.what.use &&
               other.what.subject == own.what.subject && other.what.ends &&
               *other.what.ends > now + kLater;
    });
}

void judge_certificate(const OwnFile& own, const Meaning& meaning, const std::string& what,
                       bool replaced, WallTime now, Finding& finding) {
    if (own.what.begins > now)
        finding.fail(what + " is not valid before " + to_rfc3339(own.what.begins),
                     "The other side refuses it until then.",
                     "timedatectl set-ntp true, if the clock is wrong; else another one");
    auto trouble = judge_end(what, *own.what.ends, now, meaning.effect, meaning.repair);
    if (!trouble) return;
    if (replaced)
        *trouble = {
            Outcome::warning, trouble->observed,
            "Who has this one alone, or a certificate of it, is refused then; its successor "
            "is trusted beside it.",
            "once nobody needs it: take it out of " + own.what.file.string()};
    finding.add(std::move(*trouble));
}

void judge_own(const OwnFile& own, const std::vector<OwnFile>& all, Site& site, Finding& finding) {
    const Meaning meaning = meaning_of(own, site);
    const WallTime now = site.now();
    if (!own.what.fault.empty())
        return finding.fail(meaning.name + ": " + own.what.fault,
                            "It is missing at the next start or reload.", meaning.repair);
    const std::string place = " (" + own.what.file.string() + ")";
    if (own.what.kind == ExpiringKind::crl) {
        const WallTime next = own.what.ends.value_or(WallTime::max());
        if (auto trouble =
                judge_crl(meaning.name + place, own.what.begins, next, now, meaning.repair))
            finding.add(std::move(*trouble));
        return;
    }
    judge_certificate(own, meaning, meaning.name + " " + own.what.subject + place,
                      meaning.is_trust && has_successor(own, all, now), now, finding);
}

}  // namespace

Finding check_dates(Site& site) {
    const auto& all = site.own_files();
    Finding finding;
    std::size_t certificates = 0;
    std::size_t crls = 0;
    WallTime first = WallTime::max();
    for (const OwnFile& own : all) {
        if (own.what.kind == ExpiringKind::key) continue;  // without an end; DR-31
        judge_own(own, all, site, finding);
        const bool is_crl = own.what.kind == ExpiringKind::crl;
        ++(is_crl ? crls : certificates);
        if (!is_crl && own.what.ends) first = std::min(first, *own.what.ends);
    }
    if (certificates == 0) return Finding::skipped("no configuration here names a certificate");
    finding.found(std::to_string(certificates) + " certificates, the first ends on " +
                  day_text(first) + "; " + std::to_string(crls) + " CRLs");
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
    const auto& all = site.own_files();
    if (all.empty()) return Finding::skipped("no configuration here names a certificate");
    Finding finding;
    std::set<std::string> asked;
    for (const OwnFile& own : all) {
        const auto& certificate = own.what.certificate;
        if (!certificate || meaning_of(own, site).is_trust) continue;
        const std::string what = name_of(*certificate, own.what.file);
        const NamedUrls urls = urls_of(*certificate);
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
