// DR-15, DR-16: the URL that devices are given, and whether any come.
#include <algorithm>
#include <cctype>

#include "common/http_client/http_client.h"
#include "crp-service/cli/doctor/checks.h"
#include "crp-service/cli/doctor/site.h"

namespace ndes::crp::cli::doctor {

namespace {

// Letters in either case, as ndesd takes them.
bool begins_with(const std::string& text, const std::string& begin) {
    return text.size() >= begin.size() && std::equal(begin.begin(), begin.end(), text.begin(),
                                                     [](unsigned char a, unsigned char b) {
                                                         return std::tolower(a) == std::tolower(b);
                                                     });
}

void judge_path(const scep::Config& config, const http::Url& url, Finding& finding) {
    std::string path = url.target.substr(0, url.target.find('?'));
    for (const scep::ProfileConfig& profile : config.profiles) {
        std::string served = profile.scep.path;
        if (begins_with(path, served) || begins_with(path + "/", served)) return;
    }
    finding.fail(
        "Devices are told the path " + path + ", ndesd serves " + config.profiles.front().scep.path,
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
        finding.fail("challenge.scep_url = \"" + told + "\" is no URL", "Devices are sent nowhere.",
                     kRepair);
        return finding;
    }
    const bool inside =
        url->host.find('.') == std::string::npos && url->host.find(':') == std::string::npos;
    if (!site.is_lab() && (url->is_loopback() || inside))
        finding.fail("Devices are given " + told + ", which none outside can resolve or reach",
                     "They never arrive.", kRepair);
    if (const auto& config = site.ndesd()) judge_path(*config, *url, finding);
    ProbeOrder order;
    order.url = told;
    order.trust = site.options().public_ca;
    if (const auto answer = probe(order); !answer && answer.error().code == ErrorCode::not_found)
        finding.fail("Devices are given " + told + ": " + answer.error().text, "They never arrive.",
                     kRepair);
    finding.found(told);
    return finding;
}

Finding check_traffic(Site& site) {
    const auto& health = site.ndesd_health();
    if (!health) return Finding::skipped("ndesd's health listener: " + health.error().text);
    std::int64_t seen = 0;
    std::string histogram;
    const Json requests = health->value("requests", Json::object());
    for (const auto& [answer, count] : requests.items()) {
        if (!count.is_number_integer()) continue;
        seen += count.get<std::int64_t>();
        histogram += (histogram.empty() ? "" : ", ") + answer + " " + count.dump();
    }
    const auto waiting = site.crp_get("/api/v1/challenges?state=issued&limit=200");
    if (!waiting)
        return Finding::ok("since ndesd's start: " + histogram +
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
                     "from outside: crpctl doctor --hop proxy --hop device --public-url " +
                         (site.public_url().empty() ? "URL" : site.public_url()));
    finding.found("since ndesd's start: " + histogram);
    return finding;
}

}  // namespace ndes::crp::cli::doctor
