// crpctl tls renew: certificates of the mutual TLS between our own programs, of the CA that crpctl
// init made. Each gets the key and the names of the one before and takes its place at one stroke,
// so key files and pins stay as they are, and the daemons take it by themselves.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/crypto/pem.h"
#include "common/expiry/expiring.h"
#include "common/expiry/renewal.h"
#include "common/file.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/expiry/own_list.h"
#include "crp-service/cli/tls_ca.h"

namespace ndes::crp::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;

constexpr int kUsualDays = 825;

struct TlsOptions {
    fs::path ca = kTlsCaFolder;
    std::vector<fs::path> files;  // empty: all that are found
    int validity_days = 0;        // 0: kUsualDays, or to the CA's end
    int if_days_left = -1;        // below 0: whatever is left
};

fs::path where_it_is(const fs::path& file) {
    std::error_code ignored;
    return fs::exists(file, ignored) ? file : fs::path();
}

void add_once(std::vector<fs::path>& files, const fs::path& file) {
    if (std::ranges::find(files, file) == files.end()) files.push_back(file);
}

// A certificate with its key in a file of its own, by name.
bool is_of_a_pair(const fs::path& file) {
    std::error_code ignored;
    fs::path key = file;
    return file.extension() == ".pem" &&
           fs::is_regular_file(key.replace_extension(".key"), ignored);
}

// What the settings beside the CA name, and what lies with the administrator's certificate: that of
// the MDM, which no setting here names.
Result<std::vector<fs::path>> find_files(const fs::path& ca, WallTime now) {
    const fs::path home = fs::absolute(ca).lexically_normal().parent_path();
    OwnListOrder order;
    order.ndesd_config = where_it_is(home / "ndesd/ndesd.toml");
    order.crpd_config = where_it_is(home / "crpd/crpd.toml");
    order.client_config = where_it_is(home / "crpctl.toml");
    auto own = list_own_files(order, now);
    if (!own) return pass_on(own);
    std::vector<fs::path> files;
    for (const OwnFile& one : *own) {
        if (!one.what.certificate || !is_of_tls_ca(*one.what.certificate, ca)) continue;
        add_once(files, one.what.file);
        if (one.program != "crpctl") continue;
        std::error_code fault;
        for (fs::directory_iterator at(one.what.file.parent_path(), fault), end;
             !fault && at != end; at.increment(fault)) {
            if (!is_of_a_pair(at->path())) continue;
            const auto beside = load_certificates(at->path());
            if (beside && is_of_tls_ca(beside->front(), ca)) add_once(files, at->path());
        }
    }
    if (files.empty())
        return fail(ErrorCode::not_found, "no certificate of " + ca.string() + " is in use here",
                    "name files");
    return files;
}

// Whatever else is in a file, such as its key, would be lost with the file.
Result<void> check_holds_certificates_alone(const fs::path& file) {
    constexpr std::string_view kBegin = "-----BEGIN ";
    constexpr std::string_view kCertificate = "-----BEGIN CERTIFICATE-----";
    auto text = read_file(file);
    if (!text) return pass_on(text);
    for (std::size_t at = text->find(kBegin); at != std::string::npos;
         at = text->find(kBegin, at + 1)) {
        if (text->compare(at, kCertificate.size(), kCertificate) != 0)
            return fail(ErrorCode::precondition,
                        file.string() + ": holds more than certificates, which would be lost",
                        "keep the key in a file of its own");
    }
    return {};
}

// No certificate outlives its CA; days asked for are given or refused.
WallTime end_of(const TlsOptions& options, const LocalCa& ca, WallTime now) {
    if (options.validity_days > 0) return now + days(options.validity_days);
    return std::min(now + days(kUsualDays), ca.certificate.not_after());
}

Result<void> renew_file(const fs::path& file, const TlsOptions& options, const LocalCa& ca,
                        WallTime now) {
    constexpr std::chrono::minutes kBackdate{5};  // clocks of two hosts are never the same
    if (auto sound = check_holds_certificates_alone(file); !sound) return sound;
    auto chain = load_certificates(file);
    if (!chain) return pass_on(chain);
    const int left = days_left(chain->front().not_after(), now);
    if (options.if_days_left >= 0 && left > options.if_days_left) {
        std::fprintf(stderr, "%s: nothing to do: %d days are left\n", file.c_str(), left);
        return {};
    }
    const WallTime ends = end_of(options, ca, now);
    auto text = reissue_certificate(chain->front(), now - kBackdate, ends, ca);
    if (!text && text.error().code == ErrorCode::bad_request)
        text.error() = with_next_step(text.error(), "choose --days accordingly");
    if (!text) return pass_on(text, file.string());
    for (std::size_t i = 1; i < chain->size(); ++i) {
        auto above = certificate_pem((*chain)[i].handle());
        if (!above) return pass_on(above);
        *text += *above;
    }
    std::error_code fault;
    const auto mode =
        static_cast<unsigned>(fs::status(file, fault).permissions() & fs::perms::mask);
    if (auto written = write_file_durably(file, as_bytes(*text), mode); !written) return written;
    std::printf("renewed %s, to %s\n", file.c_str(), to_rfc3339(ends).c_str());
    return {};
}

Result<void> renew_tls(const TlsOptions& options) {
    const WallTime now = system_clock().now();
    auto ca = load_local_ca(options.ca / "ca.pem", KeySource(options.ca / "ca.key"));
    if (!ca) return pass_on(ca);
    auto files = options.files.empty() ? find_files(options.ca, now)
                                       : Result<std::vector<fs::path>>(options.files);
    if (!files) return pass_on(files);
    // One that cannot be renewed keeps no other from it.
    Result<void> all;
    for (const fs::path& file : *files) {
        auto done = renew_file(file, options, *ca, now);
        if (done) continue;
        if (!all) report(all.error());
        all = std::move(done);
    }
    return all;
}

}  // namespace

void add_tls_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("tls", "mutual TLS between our own programs");
    noun->require_subcommand(1);
    CLI::App* verb = noun->add_subcommand(
        "renew", "renew certificates of the CA that crpctl init made; keys and names stay");
    const auto options = std::make_shared<TlsOptions>();
    verb->add_option("FILE", options->files,
                     "certificates, PEM; default: all of this CA that are in use here");
    verb->add_option("--ca", options->ca, "folder of that CA: ca.pem and ca.key")
        ->capture_default_str();
    verb->add_option("--days", options->validity_days,
                     "validity; default: 825, or as long as the CA lives")
        ->check(CLI::Range(1, 3650));
    verb->add_option("--if-days-left", options->if_days_left,
                     "leave out what is good for more days than that")
        ->check(CLI::Range(0, 3650));
    verb->callback([options, &exit_code] {
        const auto done = renew_tls(*options);
        exit_code = done ? kExitOk : report(done.error());
    });
}

}  // namespace ndes::crp::cli
