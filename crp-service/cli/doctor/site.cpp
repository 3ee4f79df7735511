#include "crp-service/cli/doctor/site.h"

#include <algorithm>

#include "crp-service/cli/crpd_settings.h"
#include "crp-service/cli/rest_client.h"
#include "crp-service/cli/tls_ca.h"

namespace ndes::crp::cli::doctor {

namespace {

// What `read` makes of the file, or that there is none on this machine.
template <class T, class Read>
const Result<T>& kept(std::optional<Result<T>>& place, const std::filesystem::path& file,
                      const Read& read) {
    if (place) return *place;
    std::error_code fault;
    if (file.empty()) {
        place.emplace(ndes::fail(ErrorCode::not_found, "no configuration names it"));
    } else if (!std::filesystem::exists(file, fault)) {
        place.emplace(ndes::fail(ErrorCode::not_found, file.string() + " is not there"));
    } else {
        place.emplace(read(file));
    }
    return *place;
}

std::string joined(const std::string& url, const std::string& query) {
    if (query.empty()) return url;
    return url + (url.find('?') == std::string::npos ? "?" : "&") + query;
}

}  // namespace

std::string reachable_place(const ListenAddress& listener) {
    const bool six = listener.address.find(':') != std::string::npos;
    std::string address = listener.address;
    if (address == "0.0.0.0") address = "127.0.0.1";
    if (address == "::") address = "::1";
    return (six ? "[" + address + "]" : address) + ":" + std::to_string(listener.port);
}

bool is_loopback(const ListenAddress& listener) {
    return listener.address.starts_with("127.") || listener.address == "::1";
}

const Result<scep::Config>& Site::ndesd() {
    return kept(ndesd_, options_.ndesd_config,
                [](const auto& file) { return scep::load_config(file); });
}

const Result<CrpdConfig>& Site::crpd() {
    return kept(crpd_, options_.crpd_config,
                [](const auto& file) { return read_crpd_settings(file); });
}

std::filesystem::path Site::module_config_file() {
    if (!options_.module_config.empty()) return options_.module_config;
    const auto& config = ndesd();
    return config ? config->profiles.front().policy.module_config : std::filesystem::path();
}

const Result<policy::ModuleConfig>& Site::module() {
    return kept(module_, module_config_file(),
                [](const auto& file) { return policy::load_module_config(file); });
}

const std::vector<OwnFile>& Site::own_files() {
    if (own_files_) return *own_files_;
    OwnListOrder order;
    if (ndesd()) order.ndesd_config = options_.ndesd_config;
    if (!options_.module_config.empty() && module()) order.module_config = options_.module_config;
    if (crpd()) order.crpd_config = options_.crpd_config;
    order.client_config = client_settings_file();
    auto list = list_own_files(order, now());
    if (!list) {  // crpctl's own settings; whoever calls by them tells
        order.client_config.clear();
        list = list_own_files(order, now());
    }
    return own_files_.emplace(list ? std::move(*list) : std::vector<OwnFile>());
}

std::filesystem::path Site::tls_ca_folder() const { return tls_ca_beside(options_.crpd_config); }

const Result<std::vector<Certificate>>& Site::ca() {
    if (ca_) return *ca_;
    const auto& config = ndesd();
    if (!config) return ca_.emplace(Failure(config.error()));
    return ca_.emplace(load_certificates(config->profiles.front().issuer.certificate_file));
}

bool Site::is_lab() {
    const auto& server = ndesd();
    const auto& crp = crpd();
    return (server || crp) && (!server || is_loopback(server->server.listen)) &&
           (!crp || is_loopback(ListenAddress{crp->server.address, crp->server.port}));
}

std::string Site::public_url() {
    if (!options_.public_url.empty()) return options_.public_url;
    const auto& config = crpd();
    return config ? config->challenge.scep_url : std::string();
}

Result<std::string> Site::local_url() {
    const auto& config = ndesd();
    if (!config) return Failure(config.error());
    const char* scheme = config->server.certificate_file.empty() ? "http://" : "https://";
    return scheme + reachable_place(config->server.listen) + config->profiles.front().scep.path;
}

ProbeOrder Site::public_order(const std::string& query, const std::string& method) {
    ProbeOrder order;
    order.url = joined(public_url(), query);
    order.method = method;
    order.trust = options_.public_ca;
    return order;
}

Result<ProbeAnswer> Site::ask_local(const std::string& query) {
    auto url = local_url();
    if (!url) return pass_on(url);
    ProbeOrder order;
    order.url = joined(*url, query);
    return probe(order);
}

Result<Json> Site::crp_call(const std::string& method, const std::string& path, const Json& body) {
    RestTarget target = options_.crp;
    if (auto known = complete(target); !known)
        return ndes::fail(ErrorCode::not_found,
                          "crpctl is not told how to call crpd: " + known.error().text);
    auto text = call_rest(target, method, path, body.is_null() ? "" : body.dump());
    if (!text) return pass_on(text);
    if (text->empty()) return Json();
    auto json = parse_json(*text, kMaxAnswerOctets);
    if (!json) return pass_on(json, "crpd's answer");
    return json;
}

Result<Json> Site::crp_get(const std::string& path) {
    const auto known = answers_.find(path);
    if (known != answers_.end()) return known->second;
    return answers_.emplace(path, crp_call("GET", path, Json())).first->second;
}

Result<ListenAddress> Site::health_of_ndesd() {
    const auto& config = ndesd();
    if (!config) return Failure(config.error());
    return config->health;
}

Result<ListenAddress> Site::health_of_crpd() {
    const auto& config = crpd();
    if (!config) return Failure(config.error());
    return config->health;
}

Result<std::string> Site::fetch(const Result<ListenAddress>& listener, const std::string& path) {
    if (!listener) return Failure(listener.error());
    ProbeOrder order;
    order.url = "http://" + reachable_place(*listener) + path;
    auto answer = probe(order);
    if (!answer) return pass_on(answer);
    if (answer->status != 200 && answer->status != 503)
        return ndes::fail(ErrorCode::unavailable,
                          order.url + " answers " + std::to_string(answer->status));
    return std::move(answer->body);
}

namespace {

Result<Json> as_health(Result<std::string> text) {
    if (!text) return pass_on(text);
    auto json = parse_json(*text, kMaxAnswerOctets);
    if (!json || !json->is_object() || !json->contains("status"))
        return ndes::fail(ErrorCode::unavailable, "something else listens at the health listener");
    return json;
}

Result<MetricsText> as_metrics(Result<std::string> text) {
    if (!text) return pass_on(text);
    return MetricsText::parse(*text);
}

}  // namespace

const Result<Json>& Site::crpd_health() {
    if (!crpd_health_) crpd_health_.emplace(as_health(fetch(health_of_crpd(), "/healthz?run=1")));
    return *crpd_health_;
}

const Result<Json>& Site::ndesd_health() {
    if (!ndesd_health_) ndesd_health_.emplace(as_health(fetch(health_of_ndesd(), "/healthz")));
    return *ndesd_health_;
}

const Result<MetricsText>& Site::crpd_metrics() {
    if (!crpd_metrics_) crpd_metrics_.emplace(as_metrics(fetch(health_of_crpd(), "/metrics")));
    return *crpd_metrics_;
}

const Result<MetricsText>& Site::ndesd_metrics() {
    if (!ndesd_metrics_) ndesd_metrics_.emplace(as_metrics(fetch(health_of_ndesd(), "/metrics")));
    return *ndesd_metrics_;
}

const std::optional<ProcessFacts>& Site::ndesd_process() {
    if (!ndesd_process_)
        ndesd_process_.emplace(find_process("ndesd", options_.ndesd_config, now()));
    return *ndesd_process_;
}

const std::optional<ProcessFacts>& Site::crpd_process() {
    if (!crpd_process_) crpd_process_.emplace(find_process("crpd", options_.crpd_config, now()));
    return *crpd_process_;
}

}  // namespace ndes::crp::cli::doctor
