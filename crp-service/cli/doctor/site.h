// Site: what the checks look at: the configurations of ndesd, its policy module and crpd, and the
// programs themselves, each read or asked when the first check wants it and then kept.
// What cannot be had is an error whose text tells why. One thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/strict_json.h"
#include "crp-service/cli/connection.h"
#include "crp-service/cli/doctor/metrics_text.h"
#include "crp-service/cli/doctor/probe.h"
#include "crp-service/cli/doctor/process_facts.h"
#include "crp-service/cli/expiry/own_list.h"
#include "crp-service/config.h"
#include "policy-module/core/config.h"
#include "scep-server/config.h"

namespace ndes::crp::cli::doctor {

struct SiteOptions {
    std::filesystem::path ndesd_config = "/etc/ndes-crp/ndesd/ndesd.toml";
    std::filesystem::path crpd_config = "/etc/ndes-crp/crpd/crpd.toml";
    std::filesystem::path module_config;  // empty: what ndesd.toml names
    std::string public_url;               // of SCEP, as devices have it; empty: challenge.scep_url
    std::filesystem::path public_ca;      // who issued its certificate; empty: the system's list
    RestTarget crp;                       // the caller of crpd's API, with the role admin
    RestTarget admin;                     // ndesd's admin listener, for --deep
    std::chrono::milliseconds since{std::chrono::hours(24)};  // how far back it is looked
    bool deep = false;
};

class Site {
  public:
    Site(SiteOptions options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

    const SiteOptions& options() const { return options_; }
    WallTime now() const { return clock_.now(); }
    const Clock& clock() const { return clock_; }

    // not_found: there is no such file here, another machine's business.
    const Result<scep::Config>& ndesd();
    const Result<CrpdConfig>& crpd();
    const Result<policy::ModuleConfig>& module();
    std::filesystem::path module_config_file();

    // What those that can be read work with, and crpctl itself.
    const std::vector<OwnFile>& own_files();
    std::filesystem::path tls_ca_folder() const;

    // The first profile's CA with its chain.
    const Result<std::vector<Certificate>>& ca();

    // Everything listens on loopback alone: a lab, in which nothing needs to be kept apart.
    bool is_lab();

    // The URL that devices have; "" when nothing says it.
    std::string public_url();
    // "http://127.0.0.1:8080/certsrv/mscep/": ndesd itself, without what is in front of it.
    Result<std::string> local_url();
    ProbeOrder public_order(const std::string& query, const std::string& method = "GET");
    // One that local_url() leads to, and whoever its certificate is of.
    Result<ProbeAnswer> ask_local(const std::string& query);

    // A call of crpd's API; asked once, for GET.
    Result<Json> crp_get(const std::string& path);
    Result<Json> crp_call(const std::string& method, const std::string& path, const Json& body);

    // `/healthz` as JSON, and `/metrics`, of a running program's health listener.
    const Result<Json>& crpd_health();
    const Result<Json>& ndesd_health();
    const Result<MetricsText>& crpd_metrics();
    const Result<MetricsText>& ndesd_metrics();

    // The running program with this configuration; nothing when it does not run here.
    const std::optional<ProcessFacts>& ndesd_process();
    const std::optional<ProcessFacts>& crpd_process();

  private:
    Result<std::string> fetch(const Result<ListenAddress>& listener, const std::string& path);
    Result<ListenAddress> health_of_ndesd();
    Result<ListenAddress> health_of_crpd();

    SiteOptions options_;
    const Clock& clock_;
    std::optional<Result<scep::Config>> ndesd_;
    std::optional<Result<CrpdConfig>> crpd_;
    std::optional<Result<policy::ModuleConfig>> module_;
    std::optional<std::vector<OwnFile>> own_files_;
    std::optional<Result<std::vector<Certificate>>> ca_;
    std::optional<Result<Json>> crpd_health_;
    std::optional<Result<Json>> ndesd_health_;
    std::optional<Result<MetricsText>> crpd_metrics_;
    std::optional<Result<MetricsText>> ndesd_metrics_;
    std::optional<std::optional<ProcessFacts>> ndesd_process_;
    std::optional<std::optional<ProcessFacts>> crpd_process_;
    std::map<std::string, Result<Json>> answers_;
};

// "127.0.0.1:8080", "[::1]:8080"; an address that means all becomes that family's loopback.
std::string reachable_place(const ListenAddress& listener);
bool is_loopback(const ListenAddress& listener);

}  // namespace ndes::crp::cli::doctor
