// DR-08 to DR-13: what devices meet between them and ndesd.
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
    finding.fail(url + ": " + answer.error().text, "No device can enrol.",
                 "systemctl status ndesd, and what stands in front of it");
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
        finding.fail(
            url + ": its certificate (" + names + ") is not trusted: " + answer->trust_fault,
            "Devices that do not know its CA refuse to connect.",
            "let the server send its intermediates; --public-ca FILE when devices have a "
            "root of yours");
    finding.found("certificate of " + names + ", trusted, with the right name");
    return finding;
}

namespace {

void judge_base_answer(const ProbeAnswer& answer, Finding& finding) {
    const std::string observed = "The base URL answers " + std::to_string(answer.status);
    switch (answer.status) {
        case 403:
            if (answer.body.find("Network Device Enrollment") == std::string::npos)
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
}

}  // namespace

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
    judge_base_answer(*answer, finding);
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
    auto order =
        site.public_order("operation=GetCACaps&message=crpctl-doctor-" + std::string(octets, 'A'));
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
                         (posted ? "HTTP " + std::to_string(posted->status) : posted.error().text) +
                         ")",
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

}  // namespace ndes::crp::cli::doctor
