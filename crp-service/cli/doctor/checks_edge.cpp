// DR-08 to DR-13, DR-15, DR-16: what devices meet between them and ndesd.
#include <algorithm>

#include "common/http_client/http_client.h"
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/site.h"

namespace ndes::crp::cli::doctor {

namespace {

constexpr const char* kNoPublicUrl =
    "the URL that devices have is not known: --public-url, or challenge.scep_url of crpd.toml";
constexpr const char* kSeeProxy = "see the log of what listens there, proxy or ndesd";

bool is_https(const std::string& url) { return url.starts_with("https://"); }

// The answer of the public URL, or the finding that there is none.
std::optional<Finding> unreachable(const Result<ProbeAnswer>& answer, const std::string& url) {
    if (answer) return std::nullopt;
    Finding finding;
    finding.fail(url + ": " + answer.error().text,
                 "No device can enrol.", "systemctl status ndesd, and what stands in front of it");
    return finding;
}

}  // namespace

Finding check_public_name(Site& site) {
    const std::string url = site.public_url();
    if (url.empty()) return Finding::skipped(kNoPublicUrl);
    const auto answer = probe(site.public_order("operation=GetCACaps"));
    if (auto finding = unreachable(answer, url)) return *finding;
    if (!is_https(url)) return Finding::ok("reached; plain HTTP, which SCEP allows");
    Finding finding;
    const std::string names = answer->chain.empty() ? "" : answer->chain.front().subject_text();
    const auto host = http::parse_url(url);
    if (!answer->name_fits)
        finding.fail(url + " presents a certificate (" + names + ") without the name " + host->host,
                     "Devices refuse to connect.",
                     "reissue it with DNS name " + host->host + " (the CN alone does not count)");
    if (!answer->trust_fault.empty())
        finding.fail(url + ": its certificate (" + names + ") is not trusted: " +
                         answer->trust_fault,
                     "Devices that do not know its CA refuse to connect.",
                     "let the server send its intermediates; --public-ca FILE when devices have a "
                     "root of yours");
    finding.found("certificate of " + names + ", trusted, with the right name");
    return finding;
}

Finding check_base_url(Site& site) {
    const auto& config = site.ndesd();
    Finding finding;
    if (config && config->profiles.front().policy.none)
        finding.fail("policy.module = \"none\": no policy module is loaded",
                     "Anyone with a password can enrol, for any name.",
                     "set policy.module to ndes_policy_crp.so; crpctl plugin check it first");
    const std::string url = site.public_url();
    if (url.empty() && !config) return Finding::skipped(kNoPublicUrl);
    const auto answer = url.empty() ? site.ask_local("") : probe(site.public_order(""));
    if (auto gone = unreachable(answer, url)) return *gone;
    const std::string observed = "The base URL answers " + std::to_string(answer->status);
    switch (answer->status) {
        case 403:
            if (answer->body.find("Network Device Enrollment") == std::string::npos)
                finding.fail(observed + ", but not by ndesd",
                             "What stands in front of ndesd refuses devices.",
                             "let the proxy pass everything below the SCEP path");
            break;
        case 200:
            finding.fail(observed + ": an enrolment page, or another server",
                         "No policy module stands behind it: anyone with a password could enrol.",
                         "let the URL lead to ndesd; crpctl plugin check ndes_policy_crp.so");
            break;
        case 404:
            finding.fail(observed, "Devices ask at a path that nothing serves.",
                         "make scep.path of ndesd.toml and challenge.scep_url of crpd.toml agree");
            break;
        case 502:
        case 503:
        case 504:
            finding.fail(observed + ": the proxy does not reach ndesd, or ndesd is too busy",
                         "No device can enrol.", "systemctl status ndesd; then the proxy's target");
            break;
        default: finding.fail(observed + ", 403 is right", "Devices get no answer.", kSeeProxy);
    }
    finding.found("403, as intended");
    return finding;
}

Finding check_public_answers(Site& site) {
    const std::string url = site.public_url();
    if (url.empty()) return Finding::skipped(kNoPublicUrl);
    Finding finding;
    for (const char* operation : {"GetCACaps", "GetCACert"}) {
        const std::string query = std::string("operation=") + operation;
        const auto local = site.ask_local(query);
        if (!local) return Finding::skipped("ndesd itself does not answer: " + local.error().text);
        const auto outside = probe(site.public_order(query));
        if (auto gone = unreachable(outside, url)) return *gone;
        const std::string sizes = std::to_string(outside->body.size()) + " octets (locally " +
                                  std::to_string(local->body.size()) + ")";
        if (outside->status != local->status) {
            finding.fail(std::string(operation) + " through the public URL is answered by " +
                             std::to_string(outside->status) + " (locally " +
                             std::to_string(local->status) + ")",
                         "Devices stop before they ask for a certificate.", kSeeProxy);
        } else if (outside->body != local->body) {
            finding.fail(std::string(operation) + " through the public URL gives " + sizes,
                         "Devices get the wrong CA, or none: they stop.",
                         "let the proxy pass the body unchanged, and to this ndesd");
        } else if (outside->header("content-type") != local->header("content-type")) {
            finding.fail(std::string(operation) + " through the public URL has type \"" +
                             outside->header("content-type") + "\"",
                         "Strict clients refuse the answer.",
                         "let the proxy pass Content-Type unchanged");
        }
    }
    finding.found("GetCACaps and GetCACert are those of ndesd itself");
    return finding;
}

namespace {

constexpr std::size_t kKib = 1024;

// GetCACaps ignores `message`: nothing is recorded or counted as a fault.
std::optional<Trouble> judge_get(Site& site, std::size_t octets) {
    auto order = site.public_order("operation=GetCACaps&message=crpctl-doctor-" +
                                   std::string(octets, 'A'));
    const auto answer = probe(order);
    if (answer && answer->status == 200) return std::nullopt;
    const std::string server = answer ? answer->header("server") : std::string();
    const std::string who = server.empty() ? "what listens there" : server;
    return Trouble{octets > 16 * kKib ? Outcome::warning : Outcome::failed,
                   "GET of " + std::to_string(octets / kKib) + " KiB is cut by " + who + " (" +
                       (answer ? "HTTP " + std::to_string(answer->status) : answer.error().text) +
                       ")",
                   "iOS and old clients send the whole request by GET, about 9 KiB.",
                   "nginx: large_client_header_buffers 8 64k; IIS: maxQueryString 65534"};
}

}  // namespace

Finding check_long_requests(Site& site) {
    const std::string url = site.public_url();
    if (url.empty()) return Finding::skipped(kNoPublicUrl);
    if (auto gone = unreachable(probe(site.public_order("operation=GetCACaps")), url)) return *gone;
    Finding finding;
    for (const std::size_t size : {2 * kKib, 8 * kKib, 16 * kKib, 32 * kKib, 60 * kKib}) {
        if (auto trouble = judge_get(site, size)) {
            finding.add(std::move(*trouble));
            break;
        }
    }
    auto order = site.public_order("operation=GetCACaps", "POST");
    order.body.assign(60 * kKib, 'A');
    const auto posted = probe(order);
    // ndesd judges the operation, a proxy the size.
    if (!posted || posted->status == 413 || posted->status >= 500)
        finding.fail("POST of 60 KiB does not reach ndesd (" +
                         (posted ? "HTTP " + std::to_string(posted->status)
                                 : posted.error().text) + ")",
                     "Renewals with long chains are lost.", "nginx: client_max_body_size 256k");
    finding.found("GET up to 60 KiB and POST of 60 KiB pass");
    return finding;
}

Finding check_tls12(Site& site) {
    const std::string url = site.public_url();
    if (url.empty()) return Finding::skipped(kNoPublicUrl);
    if (!is_https(url)) return Finding::ok("plain HTTP");
    auto order = site.public_order("operation=GetCACaps");
    if (auto gone = unreachable(probe(order), url)) return *gone;
    order.most_tls = TLS1_2_VERSION;
    Finding finding;
    if (!probe(order))
        finding.fail("The device listener allows TLS 1.3 only",
                     "Windows' SCEP client stops with 0x80072f8f.",
                     "nginx: ssl_protocols TLSv1.2 TLSv1.3; ndesd itself offers both");
    finding.found("TLS 1.2 is offered");
    return finding;
}

Finding check_no_client_question(Site& site) {
    const std::string url = site.public_url();
    if (url.empty()) return Finding::skipped(kNoPublicUrl);
    if (!is_https(url)) return Finding::ok("plain HTTP");
    auto order = site.public_order("operation=GetCACaps");
    order.most_tls = TLS1_2_VERSION;  // there the question comes before the handshake can fail
    auto answer = probe(order);
    if (!answer) {
        order.most_tls = 0;
        answer = probe(order);
    }
    if (auto gone = unreachable(answer, url)) return *gone;
    Finding finding;
    if (answer->asked_for_certificate)
        finding.fail("The device listener asks for client certificates",
                     "macOS renewals fail, and users are asked to choose a certificate.",
                     "nginx: ssl_verify_client off for the SCEP path; ask on crpd's port only");
    finding.found("no client certificate is asked for");
    return finding;
}

namespace {

// Letters in either case, as ndesd takes them.
bool begins_with(const std::string& text, const std::string& begin) {
    return text.size() >= begin.size() &&
           std::equal(begin.begin(), begin.end(), text.begin(),
                      [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

void judge_path(const scep::Config& config, const http::Url& url, Finding& finding) {
    std::string path = url.target.substr(0, url.target.find('?'));
    for (const scep::ProfileConfig& profile : config.profiles) {
        std::string served = profile.scep.path;
        if (begins_with(path, served) || begins_with(path + "/", served)) return;
    }
    finding.fail("Devices are told the path " + path + ", ndesd serves " +
                     config.profiles.front().scep.path,
                 "They get 404 unless a proxy rewrites the path.",
                 "make scep.path of ndesd.toml and challenge.scep_url of crpd.toml agree");
}

}  // namespace

Finding check_profile_url(Site& site) {
    const auto& crp = site.crpd();
    if (!crp) return not_to_be_had(crp.error());
    const std::string& told = crp->challenge.scep_url;
    const auto url = http::parse_url(told);
    Finding finding;
    constexpr const char* kRepair =
        "set challenge.scep_url in crpd.toml to the URL devices can reach; systemctl restart crpd";
    if (!url) {
        finding.fail("challenge.scep_url = \"" + told + "\" is no URL",
                     "Devices are sent nowhere.", kRepair);
        return finding;
    }
    const bool inside = url->host.find('.') == std::string::npos && url->host.find(':') == std::string::npos;
    if (!site.is_lab() && (url->is_loopback() || inside))
        finding.fail("Devices are given " + told + ", which none outside can resolve or reach",
                     "They never arrive.", kRepair);
    if (const auto& config = site.ndesd()) judge_path(*config, *url, finding);
    ProbeOrder order;
    order.url = told;
    order.trust = site.options().public_ca;
    if (const auto answer = probe(order);
        !answer && answer.error().code == ErrorCode::not_found)
        finding.fail("Devices are given " + told + ": " + answer.error().text,
                     "They never arrive.", kRepair);
    finding.found(told);
    return finding;
}

Finding check_traffic(Site& site) {
    const auto& health = site.ndesd_health();
    if (!health) return Finding::skipped("ndesd's health listener: " + health.error().text);
    std::int64_t seen = 0;
    std::string histogram;
    for (const auto& [answer, count] : health->value("requests", Json::object()).items()) {
        if (!count.is_number_integer()) continue;
        seen += count.get<std::int64_t>();
        histogram += (histogram.empty() ? "" : ", ") + answer + " " + count.dump();
    }
    const auto waiting = site.crp_get("/api/v1/challenges?state=issued&limit=200");
    if (!waiting) return Finding::ok("since ndesd's start: " + histogram +
                                     "; waiting challenges are not known: " + waiting.error().text);
    const WallTime before = site.now() - site.options().since;
    std::int64_t old = 0;
    for (const Json& item : waiting->value("items", Json::array())) {
        const auto made = from_rfc3339(item.value("createdAt", ""));
        if (made && *made < before) ++old;
    }
    Finding finding;
    if (seen == 0 && old > 0)
        finding.fail("No request from any device since ndesd's start, although " +
                         std::to_string(old) + " challenges wait for more than " +
                         span_text(site.options().since),
                     "Traffic stops before this server: DNS, firewall, proxy.",
                     "crpctl doctor --hop proxy, from outside with --public-url");
    finding.found("since ndesd's start: " + histogram);
    return finding;
}

}  // namespace ndes::crp::cli::doctor
