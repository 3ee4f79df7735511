// crp_load: drives crpd as a policy module does, and tells rate and latency as JSON.
//
//   crp_load --url https://127.0.0.1:8443/ --challenges FILE …   VerifyRequest and Notify, one pair
//                                                                for each challenge of the file
//   crp_load --url https://127.0.0.1:9443/ --static PATH …       the same VerifyRequest bodies to a
//                                                                server that answers by rote
//
// Requests and certificates are made before the clock starts.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "common/crp_protocol/notify_v1.h"
#include "common/crp_protocol/verify_v1.h"
#include "common/tls/tls_context.h"
#include "tests/load/http_connection.h"
#include "tests/support/scep_client.h"
#include "tests/support/test_pki.h"

namespace {

using namespace ndes;
using SteadyClock = std::chrono::steady_clock;

struct Options {
    std::string url;
    std::string challenges;
    std::string static_path;
    std::string subject = "CN=load-%";
    std::string template_name = "GeneralPurpose";
    TlsClientFiles tls;
    std::size_t connections = 8;
    std::size_t pairs = 1000;
    std::size_t keys = 8;
    double rate = 0;  // pairs a second; 0: as many as come
};

struct Bodies {
    std::string verify;
    std::string notify;
};

// One enrolment as the CRP sees it.
struct Pair {
    std::shared_ptr<const Bodies> bodies;
    double verify_ms = 0;
    double notify_ms = 0;
    bool good = false;
};

// "CN=load-%" and 7 → "CN=load-7".
std::string numbered(std::string text, std::size_t number) {
    const std::size_t place = text.find('%');
    if (place != std::string::npos) text.replace(place, 1, std::to_string(number));
    return text;
}

// Who answers by rote may be asked the same again.
constexpr std::size_t kMostStaticBodies = 500;

std::vector<std::string> read_challenges(const Options& options) {
    if (!options.static_path.empty()) {
        return std::vector<std::string>(std::min(options.pairs, kMostStaticBodies), "any");
    }
    std::ifstream file(options.challenges);
    std::vector<std::string> challenges;
    for (std::string line; std::getline(file, line);)
        challenges.push_back(line);
    if (challenges.empty()) throw std::runtime_error("no challenge in " + options.challenges);
    return challenges;
}

Bytes der_of(X509* certificate) {
    unsigned char* octets = nullptr;
    const int size = ::i2d_X509(certificate, &octets);
    if (size < 0) throw std::runtime_error("cannot encode a certificate");
    const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(
        octets, [](unsigned char* p) { ::OPENSSL_free(p); });
    return {octets, octets + size};
}

std::vector<Pair> prepare(const Options& options) {
    const test::TemporaryFolder folder;
    test::TestCa ca(folder, "load CA");  // an EC key: signs quickly
    std::vector<EvpPkeyPtr> keys(std::max<std::size_t>(options.keys, 1));
    std::generate(keys.begin(), keys.end(), [] { return test::make_rsa_key(); });
    const std::string run = std::to_string(::getpid()) + "-" +
                            std::to_string(SteadyClock::now().time_since_epoch().count());
    std::vector<Pair> pairs;
    for (const std::string& challenge : read_challenges(options)) {
        const std::string number = run + "-" + std::to_string(pairs.size());
        EVP_PKEY* const key = keys[pairs.size() % keys.size()].get();
        crp_protocol::VerifyRequest verify;
        verify.transaction_id = "load-" + number;
        verify.request_id = "request-" + number;
        verify.certificate_request = test::make_csr(
            key, {.subject = numbered(options.subject, pairs.size()), .challenge = challenge});
        verify.template_name = options.template_name;
        verify.ca_name = "load CA";
        verify.device_address = "127.0.0.1";
        crp_protocol::NotifyRequest notify;
        notify.transaction_id = verify.transaction_id;
        notify.request_id = verify.request_id;
        notify.challenge = challenge;
        notify.disposition = crp_protocol::Disposition::success;
        test::LeafProfile profile;
        profile.subject_alt_name.clear();
        notify.certificate = der_of(ca.certify(key, profile).get());
        pairs.push_back({std::make_shared<const Bodies>(Bodies{to_json(verify), to_json(notify)})});
    }
    if (options.static_path.empty()) return pairs;
    const std::size_t made = pairs.size();
    while (pairs.size() < options.pairs)
        pairs.push_back(pairs[pairs.size() % made]);
    return pairs;
}

double milliseconds_since(SteadyClock::time_point begun) {
    return std::chrono::duration<double, std::milli>(SteadyClock::now() - begun).count();
}

// `begun`: when the pair was due; what is late has waited since then.
void ask_crp(load::HttpConnection& connection, Pair& pair, SteadyClock::time_point begun) {
    const auto verdict = connection.post_json(crp_protocol::kVerifyPath, pair.bodies->verify);
    pair.verify_ms = milliseconds_since(begun);
    if (verdict.status != 201 || verdict.body.find("\"verified\":true") == std::string::npos)
        return;
    begun = SteadyClock::now();
    const auto told = connection.post_json(crp_protocol::kNotifyPath, pair.bodies->notify);
    pair.notify_ms = milliseconds_since(begun);
    pair.good = told.status == 204;
}

// A pair is two requests, to the peer as well.
void ask_static(load::HttpConnection& connection, const std::string& path, Pair& pair) {
    auto begun = SteadyClock::now();
    const auto first = connection.post_json(path, pair.bodies->verify);
    pair.verify_ms = milliseconds_since(begun);
    begun = SteadyClock::now();
    const auto second = connection.post_json(path, pair.bodies->notify);
    pair.notify_ms = milliseconds_since(begun);
    pair.good = first.status / 100 == 2 && second.status / 100 == 2;
}

// Waits for the pair's turn; when it was due.
SteadyClock::time_point await_turn(const Options& options, SteadyClock::time_point begun,
                                   std::size_t number) {
    if (options.rate <= 0) return SteadyClock::now();
    const auto due =
        begun + std::chrono::duration_cast<SteadyClock::duration>(
                    std::chrono::duration<double>(static_cast<double>(number) / options.rate));
    std::this_thread::sleep_until(due);
    return due;
}

double run(const Options& options, std::vector<Pair>& pairs) {
    const auto target = load::parse_target(options.url);
    if (!target) throw std::runtime_error("--url is not https://ADDRESS:PORT/");
    const auto tls = build_client_context(options.tls);
    if (!tls) throw std::runtime_error(tls.error().text);
    std::atomic<std::size_t> next = 0;
    const auto begun = SteadyClock::now();
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < options.connections; ++i) {
        threads.emplace_back([&] {
            load::HttpConnection connection(*target, std::chrono::seconds(30), tls->get());
            for (std::size_t at = next++; at < pairs.size(); at = next++) {
                const auto due = await_turn(options, begun, at);
                if (options.static_path.empty()) {
                    ask_crp(connection, pairs[at], due);
                } else {
                    ask_static(connection, options.static_path, pairs[at]);
                }
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    return std::chrono::duration<double>(SteadyClock::now() - begun).count();
}

double quantile(const std::vector<Pair>& pairs, double Pair::*member, double share) {
    std::vector<double> times;
    for (const Pair& pair : pairs)
        times.push_back(pair.*member);
    std::sort(times.begin(), times.end());
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
}

void report(const std::vector<Pair>& pairs, double seconds) {
    const auto good = static_cast<std::size_t>(
        std::count_if(pairs.begin(), pairs.end(), [](const Pair& pair) { return pair.good; }));
    std::printf(
        "{\"pairs\":%zu,\"failed\":%zu,\"seconds\":%.3f,\"pairs_per_second\":%.1f,"
        "\"verify_p50_ms\":%.3f,\"verify_p99_ms\":%.3f,\"notify_p50_ms\":%.3f,"
        "\"notify_p99_ms\":%.3f}\n",
        pairs.size(), pairs.size() - good, seconds, static_cast<double>(good) / seconds,
        quantile(pairs, &Pair::verify_ms, 0.5), quantile(pairs, &Pair::verify_ms, 0.99),
        quantile(pairs, &Pair::notify_ms, 0.5), quantile(pairs, &Pair::notify_ms, 0.99));
}

int run_main(int argc, char** argv) {
    Options options;
    CLI::App app("Asks a CRP about one request for each challenge of a file");
    app.add_option("--url", options.url, "https://ADDRESS:PORT/")->required();
    app.add_option("--cert", options.tls.certificate, "client certificate, PEM")->required();
    app.add_option("--key", options.tls.key, "its key, PEM")->required();
    app.add_option("--ca", options.tls.server_ca, "the server's CA, PEM")->required();
    CLI::Option* file =
        app.add_option("--challenges", options.challenges, "file, one challenge a line");
    app.add_option("--static", options.static_path, "path of a server that answers by rote")
        ->excludes(file);
    app.add_option("--pairs", options.pairs, "pairs, with --static");
    app.add_option("--keys", options.keys, "device keys, used in turn");
    app.add_option("--subject", options.subject,
                   "subject of the requests; % becomes their number, from 0");
    app.add_option("--template", options.template_name, "template of the requests");
    app.add_option("--connections", options.connections, "connections at once");
    app.add_option("--rate", options.rate, "pairs a second; 0: as many as come");
    CLI11_PARSE(app, argc, argv);
    auto pairs = prepare(options);
    const double seconds = run(options, pairs);
    report(pairs, seconds);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run_main(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "crp_load: %s\n", error.what());
        return 1;
    }
}
