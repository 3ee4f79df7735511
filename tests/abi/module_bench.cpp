// How many VerifyRequests a second the module makes over kept mutual TLS connections, against a
// server that answers at once. Not a test: run it by hand.
#include <cstdio>

#include "common/http_server/http_server.h"
#include "scep-server/policy_host/policy.h"
#include "tests/abi/module_files.h"
#include "tests/unit/policy_module/samples.h"

namespace {

using namespace ndes;
using namespace ndes::test;
using std::chrono::duration;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kTime{3};

struct Figures {
    double per_second = 0;
    double p50_us = 0;
    double p99_us = 0;
    std::size_t failed = 0;
};

Figures measure(scep::Policy& policy, int thread_count) {
    std::mutex mutex;
    std::vector<double> times;
    std::size_t failed = 0;
    const auto start = steady_clock::now();
    std::vector<std::thread> threads;
    for (int t = 0; t < thread_count; ++t)
        threads.emplace_back([&] {
            const Bytes csr(900, 0x30);
            std::vector<double> own;
            std::size_t own_failed = 0;
            while (steady_clock::now() - start < kTime) {
                const auto begin = steady_clock::now();
                const auto answer =
                    policy.verify({csr, {}, "User", "t-1", "r-1", "CA", "192.0.2.7"});
                if (!answer || !answer->verified) ++own_failed;
                own.push_back(duration<double, std::micro>(steady_clock::now() - begin).count());
            }
            const std::lock_guard lock(mutex);
            times.insert(times.end(), own.begin(), own.end());
            failed += own_failed;
        });
    for (std::thread& thread : threads)
        thread.join();
    const double seconds = duration<double>(steady_clock::now() - start).count();
    std::sort(times.begin(), times.end());
    const auto count = times.size();
    return {static_cast<double>(count) / seconds, times[count / 2], times[count * 99 / 100],
            failed};
}

}  // namespace

int main() {
    HttpsBench bench;
    const std::string body = to_json(sample_yes());
    auto server =
        http::HttpServer::start({.tls = bench.good_tls(), .limits = {}, .server_name = {}},
                                [&body](const http::Request&, const http::Peer&) {
                                    return http::Response{201, "application/json", body, {}};
                                });
    if (!server) return 1;
    auto policy = scep::load_policy_module(
        {built_module(), write_module_config(bench, (*server)->port()), "CA"}, null_log());
    if (!policy) return 1;
    std::printf("threads  calls/s  p50 us  p99 us  failed  connections\n");
    for (const int threads : {1, 8, 32}) {
        const auto before = (*server)->counters().connections_accepted;
        const Figures figures = measure(**policy, threads);
        std::printf(
            "%7d %8.0f %7.0f %7.0f %7zu %12llu\n", threads, figures.per_second, figures.p50_us,
            figures.p99_us, figures.failed,
            static_cast<unsigned long long>((*server)->counters().connections_accepted - before));
    }
    return 0;
}
