// What is counted, to the exact value, and in a form that Prometheus' own tool accepts.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "crp-service/http/endpoint_names.h"
#include "crp-service/http/material.h"
#include "crp-service/metrics/crp_metrics.h"
#include "tests/catch.h"
#include "tests/unit/crp_http/api_lab.h"

using namespace ndes;
using namespace ndes::crp;
using namespace ndes::test;

namespace {

// The value of the sample with this name and these labels, as text; "" when there is none.
std::string sample(const CrpMetrics& metrics, const std::string& name) {
    const std::string text = metrics.text();
    const std::size_t at = ("\n" + text).find("\n" + name + " ");
    if (at == std::string::npos) return "";
    const std::size_t begin = at + name.size() + 1;
    return text.substr(begin, text.find('\n', begin) - begin);
}

Decision verdict(bool verified, int phase, const std::string& reason, std::vector<int> phases) {
    Decision decision;
    decision.verified = verified;
    decision.phase = phase;
    decision.reason = reason;
    decision.challenge_id = "c-1";
    for (int one : phases)
        decision.outcomes.push_back({"rule", one, verified || one != phase, reason});
    return decision;
}

}  // namespace

TEST_CASE("reloads are counted from nought, so that the first that fails is seen to grow") {
    CrpMetrics metrics("1.2.3", endpoint_names());
    CHECK(sample(metrics, "ndes_crp_reloads_total{result=\"failed\"}") == "0");
    CHECK(sample(metrics, "ndes_crp_reloads_total{result=\"done\"}") == "0");
    metrics.count_reload(false);
    CHECK(sample(metrics, "ndes_crp_reloads_total{result=\"failed\"}") == "1");
}

TEST_CASE("a yes passes every phase, a no those before its own") {
    CrpMetrics metrics("1.2.3", endpoint_names());
    metrics.verdict_recorded(verdict(true, 3, "Success", {1, 2, 0, 3}));
    metrics.verdict_recorded(verdict(false, 3, "SubjectNameMismatch", {1, 2, 0, 3}));
    metrics.verdict_recorded(verdict(false, 0, "TemplateNotPermitted", {1, 2, 0}));
    const auto passed = [&](int phase) {
        return sample(metrics, "ndes_crp_phase_total{phase=\"" + std::to_string(phase) +
                                   "\",reason=\"Success\",result=\"passed\"}");
    };
    CHECK(passed(1) == "3");
    CHECK(passed(2) == "3");
    CHECK(passed(0) == "2");
    CHECK(passed(3) == "1");
    CHECK(sample(metrics,
                 "ndes_crp_phase_total{phase=\"3\",reason=\"SubjectNameMismatch\","
                 "result=\"refused\"}") == "1");
    CHECK(sample(metrics,
                 "ndes_crp_phase_total{phase=\"0\",reason=\"TemplateNotPermitted\","
                 "result=\"refused\"}") == "1");
    CHECK(sample(metrics, "ndes_crp_challenges_consumed_total") == "1");
    CHECK(sample(metrics, "ndes_crp_certificates_deviating_total") == "0");
    metrics.certificate_deviated();
    CHECK(sample(metrics, "ndes_crp_certificates_deviating_total") == "1");
    CHECK(sample(metrics, "ndes_build_info{program=\"crpd\",version=\"1.2.3\"}") == "1");
}

TEST_CASE("calls are counted by endpoint and code, also from many threads at once") {
    CrpMetrics metrics("1", endpoint_names());
    const auto routes = all_routes();
    std::size_t verify = 0;
    while (!routes[verify].pattern.ends_with("VerifyRequest"))
        ++verify;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int call = 0; call < 1000; ++call)
                    metrics.count_request(verify, 201, std::chrono::milliseconds(2));
            });
        }
    }
    metrics.count_request(endpoint_of(nullptr), 403, {});
    metrics.count_request(99'999, 404, {});  // more than there are: other
    CHECK(sample(metrics, "ndes_crp_requests_total{code=\"201\",endpoint=\"VerifyRequest\"}") ==
          "4000");
    CHECK(sample(metrics, "ndes_crp_requests_total{code=\"403\",endpoint=\"other\"}") == "1");
    CHECK(sample(metrics, "ndes_crp_requests_total{code=\"404\",endpoint=\"other\"}") == "1");
    CHECK(sample(metrics, "ndes_crp_request_duration_seconds_count{endpoint=\"VerifyRequest\"}") ==
          "4000");
    CHECK(sample(metrics,
                 "ndes_crp_request_duration_seconds_bucket{endpoint=\"VerifyRequest\","
                 "le=\"0.0025\"}") == "4000");
}

TEST_CASE("both paths of a call are one endpoint") {
    const auto names = endpoint_names();
    CHECK(std::count(names.begin(), names.end(), "VerifyRequest") == 2);
    CHECK(std::count(names.begin(), names.end(), "PUT /api/v1/users/{id}") == 1);
    CHECK(names.back() == "other");
}

TEST_CASE("a certificate that replaces another leaves no sample behind") {
    TemporaryFolder folder;
    TestCa ca(folder, "CA");
    const auto leaf = [&](const char* name) {
        LeafProfile profile;
        profile.common_name = name;
        return Certificate::from_handle(ca.issue(profile).certificate.get()).value();
    };
    CrpMetrics metrics("1", endpoint_names());
    const Certificate old = leaf("old");
    metrics.show_certificates({{"server", old}});
    CHECK(metrics.text().find("x509_cert_not_after{") != std::string::npos);
    CHECK(metrics.text().find("CN=old") != std::string::npos);
    metrics.show_certificates({{"server", leaf("new")}, {"server", leaf("twin")}});
    CHECK(metrics.text().find("CN=old") == std::string::npos);
    CHECK(metrics.text().find("CN=new") != std::string::npos);
}

TEST_CASE("an enrolment over the API shows in the metrics") {
    ApiLab lab;
    CrpMetrics metrics("1", endpoint_names());
    Api api(lab.parts, lab.store, lab.clock, lab.random, lab.log, &metrics);
    http::Request request;
    request.method = "GET";
    request.target = request.path = "/api/v1/users";
    CHECK(api.handle(request, lab.peer("mdm")).status == 200);
    CHECK(api.handle(request, lab.peer("ndes")).status == 403);
    CHECK(api.handle(request, lab.peer("stranger")).status == 403);
    CHECK(sample(metrics, "ndes_crp_requests_total{code=\"200\",endpoint=\"GET /api/v1/users\"}") ==
          "1");
    CHECK(sample(metrics, "ndes_crp_requests_total{code=\"403\",endpoint=\"GET /api/v1/users\"}") ==
          "1");
    CHECK(sample(metrics, "ndes_crp_requests_total{code=\"403\",endpoint=\"other\"}") == "1");
    CHECK(sample(metrics, "ndes_crp_rejections_total{reason=\"RoleNotPermitted\"}") == "1");
    CHECK(sample(metrics, "ndes_crp_rejections_total{reason=\"CallerUnknown\"}") == "1");
}

TEST_CASE("promtool accepts the text") {
    if (std::system("command -v promtool >/dev/null") != 0) {
        WARN("promtool (package prometheus) is not installed: not checked");
        return;
    }
    TemporaryFolder folder;
    CrpMetrics metrics("1", endpoint_names());
    metrics.count_request(0, 200, {});
    metrics.count_rejection("CallerUnknown");
    metrics.count_reload(true);
    metrics.outcome_recorded(TransactionState::issued);
    metrics.show_sinks({{"inbox", 3, 1, 12.5, 7, 2, false}});
    metrics.show_server({1, 2, 3, 4});
    metrics.show_outstanding_challenges("minted", 5);
    metrics.show_crl("client-crl", from_rfc3339("2026-11-20T13:35:00Z").value());
    CHECK(sample(metrics, "ndes_crp_state_messages{sink=\"inbox\",state=\"dead\"}") == "1");
    CHECK(sample(metrics, "ndes_crp_deliveries_total{result=\"delivered\",sink=\"inbox\"}") == "7");
    CHECK(sample(metrics, "ndes_crp_sink_up{sink=\"inbox\"}") == "0");
    const auto file = folder.path() / "metrics.txt";
    write_text_file(file, metrics.text());
    CHECK(std::system(("promtool check metrics <" + file.string()).c_str()) == 0);
}
