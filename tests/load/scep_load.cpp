// scep_load: enrols once for each challenge of a file over several connections, and tells rate and
// latency as JSON. Messages are made before the clock starts.
//
// With --until-success it is a stubborn device: after a cut connection, a 5xx or a PENDING it sends
// the identical message again until it holds a certificate, opens every reply, and writes one line
// "challenge transaction serial" for each certificate it was given.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "tests/load/http_connection.h"
#include "tests/support/scep_client.h"

namespace {

using namespace ndes;
using SteadyClock = std::chrono::steady_clock;

struct Options {
    std::string url;
    std::string challenges;
    std::string subject = "CN=load";
    std::string results;
    std::size_t connections = 8;
    std::size_t keys = 4;
    int deadline_s = 60;
    bool until_success = false;
};

struct Device {
    EvpPkeyPtr key;
    Certificate signer;
};

struct Enrolment {
    std::string challenge;
    std::string transaction_id;
    const Device* device = nullptr;
    Bytes message;
    bool succeeded = false;
    double milliseconds = 0;
    std::string serial;
};

// "CN=load-%" and 7 → "CN=load-7".
std::string numbered(std::string text, std::size_t number) {
    const std::size_t place = text.find('%');
    if (place != std::string::npos) text.replace(place, 1, std::to_string(number));
    return text;
}

std::vector<Device> make_devices(const Options& options) {
    std::vector<Device> devices;
    for (std::size_t i = 0; i < options.keys; ++i) {
        EvpPkeyPtr key = test::make_rsa_key();
        Certificate signer = test::make_signer(key.get(), "CN=SCEP SIGNER");
        devices.push_back({std::move(key), std::move(signer)});
    }
    return devices;
}

// The RA's encryption certificate: the one of GetCACert that may encipher keys.
std::vector<Certificate> fetch_recipients(const load::HttpTarget& target) {
    load::HttpConnection connection(target, std::chrono::seconds(10));
    const load::HttpReply reply = connection.get("operation=GetCACert");
    if (reply.status != 200) throw std::runtime_error("GetCACert failed");
    if (auto alone = Certificate::from_der(as_bytes(reply.body))) return {*alone};
    const auto all = test::read_certificate_list(as_bytes(reply.body));
    for (const Certificate& certificate : all) {
        const bool ca = certificate.has_key_usage(KeyUsage::key_cert_sign);
        if (!ca && certificate.has_key_usage(KeyUsage::key_encipherment)) return {certificate};
    }
    return all;
}

std::vector<Enrolment> prepare(const Options& options, const std::vector<Device>& devices,
                               const std::vector<Certificate>& recipients) {
    std::ifstream file(options.challenges);
    std::vector<Enrolment> enrolments;
    for (std::string challenge; std::getline(file, challenge);) {
        const Device& device = devices[enrolments.size() % devices.size()];
        const Bytes csr = test::make_csr(
            device.key.get(),
            {.subject = numbered(options.subject, enrolments.size()), .challenge = challenge});
        test::MessageOptions message;
        message.transaction_id = "load-" + std::to_string(::getpid()) + "-" +
                                 std::to_string(SteadyClock::now().time_since_epoch().count());
        enrolments.push_back(
            {challenge,
             message.transaction_id,
             &device,
             test::make_message(csr, device.key.get(), device.signer, recipients, message),
             false,
             0,
             {}});
    }
    if (enrolments.empty()) throw std::runtime_error("no challenge in " + options.challenges);
    return enrolments;
}

// One answer to one message. True: no reason to send it again.
bool attempt(load::HttpConnection& connection, Enrolment& enrolment, bool open) {
    const auto reply = connection.post("operation=PKIOperation", as_text(enrolment.message));
    if (reply.status != 200) return false;
    const std::string status = test::peek_pki_status(as_bytes(reply.body));
    if (status == "2") return true;
    if (status != "0") return false;
    enrolment.succeeded = true;
    if (open) {
        const auto opened = test::read_reply(as_bytes(reply.body), enrolment.device->key.get(),
                                             enrolment.device->signer);
        enrolment.serial = opened.certificates.at(0).serial();
    }
    return true;
}

void enrol(load::HttpConnection& connection, Enrolment& enrolment, const Options& options) {
    const auto begun = SteadyClock::now();
    const auto deadline = begun + std::chrono::seconds(options.deadline_s);
    while (!attempt(connection, enrolment, options.until_success) && options.until_success &&
           SteadyClock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    enrolment.milliseconds =
        std::chrono::duration<double, std::milli>(SteadyClock::now() - begun).count();
}

double run(const Options& options, const load::HttpTarget& target,
           std::vector<Enrolment>& enrolments) {
    std::atomic<std::size_t> next = 0;
    const auto begun = SteadyClock::now();
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < options.connections; ++i) {
        threads.emplace_back([&] {
            load::HttpConnection connection(target, std::chrono::seconds(30));
            for (std::size_t at = next++; at < enrolments.size(); at = next++) {
                enrol(connection, enrolments[at], options);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    return std::chrono::duration<double>(SteadyClock::now() - begun).count();
}

void report(const Options& options, const std::vector<Enrolment>& enrolments, double seconds) {
    std::vector<double> times;
    std::size_t succeeded = 0;
    for (const Enrolment& enrolment : enrolments) {
        times.push_back(enrolment.milliseconds);
        succeeded += enrolment.succeeded ? 1 : 0;
    }
    std::sort(times.begin(), times.end());
    const auto quantile = [&](double share) {
        return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
    };
    std::printf(
        "{\"requests\":%zu,\"failed\":%zu,\"seconds\":%.3f,\"per_second\":%.1f,"
        "\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n",
        enrolments.size(), enrolments.size() - succeeded, seconds,
        static_cast<double>(succeeded) / seconds, quantile(0.5), quantile(0.99), times.back());
    if (options.results.empty()) return;
    std::ofstream file(options.results);
    for (const Enrolment& enrolment : enrolments) {
        file << enrolment.challenge << ' ' << enrolment.transaction_id << ' '
             << (enrolment.serial.empty() ? "-" : enrolment.serial) << '\n';
    }
}

int run_main(int argc, char** argv) {
    Options options;
    CLI::App app("Enrols once for each challenge of a file");
    app.add_option("--url", options.url, "SCEP URL, http://ADDRESS:PORT/PATH")->required();
    app.add_option("--challenges", options.challenges, "file, one challenge a line")->required();
    app.add_option("--subject", options.subject,
                   "subject of the requests; % becomes their number, from 0");
    app.add_option("--connections", options.connections, "connections at once");
    app.add_option("--keys", options.keys, "device keys, used in turn");
    app.add_option("--deadline", options.deadline_s, "seconds for one enrolment");
    app.add_flag("--until-success", options.until_success, "repeat until there is a certificate");
    app.add_option("--results", options.results, "file for challenge, transaction and serial");
    CLI11_PARSE(app, argc, argv);
    const auto target = load::parse_target(options.url);
    if (!target) throw std::runtime_error("--url is not http://ADDRESS:PORT/PATH");
    const auto devices = make_devices(options);
    auto enrolments = prepare(options, devices, fetch_recipients(*target));
    if (options.until_success) std::fputs("ready\n", stderr);  // the fault test may begin to kill
    const double seconds = run(options, *target, enrolments);
    report(options, enrolments, seconds);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run_main(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "scep_load: %s\n", error.what());
        return 1;
    }
}
