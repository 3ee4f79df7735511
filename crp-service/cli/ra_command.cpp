// crpctl ra renew: a new pair of RA certificates in the folder that ndesd chooses from ([ra]
// store): signed by the local CA, or as requests for another CA. Nothing there is ever overwritten:
// a pair counts from the moment its certificate appears, whole, beside its key, and ndesd goes on
// opening requests for the one of before.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "common/clock.h"
#include "common/config/config_file.h"
#include "common/crypto/pem.h"
#include "common/expiry/expiring.h"
#include "common/expiry/renewal.h"
#include "crp-service/cli/commands.h"

namespace ndes::crp::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;
struct RenewOptions {
    fs::path config;
    std::string profile;
    std::string subject = "CN=NDES RA";
    int validity_days = 365;
    int if_days_left = -1;  // below 0: whatever is left
    bool csr = false;
};

// What of ndesd.toml says where the RA and its CA are; ndesd judges the rest.
struct RaPlace {
    fs::path store;
    std::string issuer_kind;
    fs::path ca_file;
    KeySource ca_key;
    Pkcs11Options pkcs11;
};

Result<RaPlace> read_place(const RenewOptions& options) {
    auto file = ConfigFile::load(options.config);
    if (!file) return pass_on(file);
    ConfigTable root = file->root();
    const auto read_issuer = [](ConfigTable issuer, RaPlace& place) {
        place.issuer_kind = issuer.text("kind", place.issuer_kind);
        place.ca_file = issuer.path("certificate_file", place.ca_file);
        KeySource key(issuer.path("key_file"), issuer.text("key_uri", ""));
        if (!key.empty()) place.ca_key = std::move(key);
    };
    RaPlace place{root.table("ra").path("store"), "local", {}, {}, {}};
    read_issuer(root.table("issuer"), place);
    place.pkcs11 = {root.table("pkcs11").path("module"), root.table("pkcs11").path("pin_file")};
    bool known = options.profile.empty();
    for (ConfigTable profile : root.tables("profile")) {
        if (known || profile.text("name", "") != options.profile) continue;
        known = true;
        if (ConfigTable ra = profile.table("ra"); ra.present()) place.store = ra.path("store");
        read_issuer(profile.table("issuer"), place);
    }
    if (!known) return fail(ErrorCode::not_found, "no profile \"" + options.profile + "\"");
    if (place.store.empty())
        return fail(ErrorCode::configuration, options.config.string() + ": [ra] store is not set",
                    "files named one by one cannot be exchanged at one stroke");
    return place;
}

// Days that the last certificate of one use is good for; below 0 without one.
int days_left_of(const fs::path& store, KeyUsage wanted, WallTime now) {
    int best = -1;
    std::error_code fault;
    for (fs::directory_iterator at(store, fault), end; !fault && at != end; at.increment(fault)) {
        if (at->path().extension() != ".pem") continue;
        const auto found = load_certificates(at->path());
        if (found && found->front().has_extended_key_usage(kRequestAgentUsage) &&
            found->front().has_key_usage(wanted))
            best = std::max(best, days_left(found->front().not_after(), now));
    }
    return best;
}

Result<LocalCa> load_ca(const RaPlace& place) {
    if (place.issuer_kind != "local")
        return fail(ErrorCode::bad_request, "the CA of [issuer] is not local",
                    "crpctl ra renew --csr makes requests for it");
    if (!place.pkcs11.module.empty())
        if (auto opened = use_pkcs11(place.pkcs11); !opened) return pass_on(opened);
    return load_local_ca(place.ca_file, place.ca_key);
}

Result<void> renew_by_ca(const RenewOptions& options, const RaPlace& place, X509_NAME* name,
                         WallTime now) {
    auto ca = load_ca(place);
    if (!ca) return pass_on(ca);
    auto pair =
        make_ra_pair({place.store, name, name, now, now + days(options.validity_days)}, *ca, now);
    if (!pair && pair.error().code == ErrorCode::bad_request)
        pair.error() = with_next_step(pair.error(), "choose --days accordingly");
    if (!pair) return pass_on(pair);
    std::printf("wrote %s\nwrote %s\n", pair->signing.c_str(), pair->encryption.c_str());
    return {};
}

Result<void> print_request(const fs::path& file, const CertificateFrame& frame) {
    auto key = make_rsa_key();
    if (!key) return pass_on(key);
    auto request = make_request(key->get(), frame);
    if (!request) return pass_on(request);
    auto pem = key_pem(key->get());
    if (!pem) return pass_on(pem);
    auto written = write_fresh_file(fs::path(file).replace_extension(".key"), *pem, 0600);
    ::OPENSSL_cleanse(pem->data(), pem->size());
    if (!written) return written;
    std::printf("%s", request->c_str());
    std::fprintf(stderr, "put its certificate into %s\n", file.c_str());
    return {};
}

Result<void> renew(const RenewOptions& options) {
    auto place = read_place(options);
    if (!place) return pass_on(place);
    const WallTime now = system_clock().now();
    const int left = std::min(days_left_of(place->store, KeyUsage::digital_signature, now),
                              days_left_of(place->store, KeyUsage::key_encipherment, now));
    if (options.if_days_left >= 0 && left > options.if_days_left) {
        std::fprintf(stderr, "nothing to do: %d days are left\n", left);
        return {};
    }
    auto subject = DistinguishedName::from_text(options.subject);
    if (!subject) return pass_on(subject, "--subject");
    auto name = subject->to_x509();
    if (!name) return pass_on(name, "--subject");
    if (!options.csr) return renew_by_ca(options, *place, name->get(), now);
    for (const bool signing : {true, false}) {
        const std::string stem = signing ? "signing-" : "encryption-";
        auto printed = print_request(place->store / (stem + file_stamp(now) + ".pem"),
                                     ra_frame(signing, name->get()));
        if (!printed) return printed;
    }
    return {};
}

}  // namespace

void add_ra_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("ra", "ndesd's registration authority");
    noun->require_subcommand(1);
    CLI::App* verb = noun->add_subcommand(
        "renew", "make a new pair of RA certificates, which a running ndesd takes by itself");
    const auto options = std::make_shared<RenewOptions>();
    verb->add_option("--config", options->config, "ndesd.toml")->required();
    verb->add_option("--profile", options->profile, "of this [[profile]]; default: the first");
    verb->add_option("--subject", options->subject, "RFC 4514")->capture_default_str();
    verb->add_option("--days", options->validity_days, "validity")
        ->check(CLI::Range(1, 3650))
        ->capture_default_str();
    verb->add_option("--if-days-left", options->if_days_left,
                     "do nothing while the pair in use is good for more days than that")
        ->check(CLI::Range(0, 3650));
    verb->add_flag("--csr", options->csr,
                   "make keys and print requests for a CA that is not ndesd's own");
    verb->callback([options, &exit_code] {
        const auto done = renew(*options);
        exit_code = done ? kExitOk : report(done.error());
    });
}

}  // namespace ndes::crp::cli
