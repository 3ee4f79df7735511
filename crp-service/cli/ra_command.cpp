// crpctl ra renew: a new pair of RA certificates in the folder that ndesd chooses from ([ra]
// store): signed by the local CA, or as requests for another CA. Nothing there is ever overwritten:
// a pair counts from the moment its certificate appears, whole, beside its key, and ndesd goes on
// opening requests for the one of before.
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <openssl/pem.h>

#include "common/clock.h"
#include "common/config/config_file.h"
#include "common/crypto/certificate.h"
#include "common/crypto/key_source.h"
#include "common/file.h"
#include "common/random.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/new_file.h"

namespace ndes::crp::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::days;
constexpr unsigned kKeyBits = 2048;
constexpr int kSerialOctets = 16;

struct Use {
    const char* name;
    const char* key_usage;
};
constexpr Use kUses[]{{"signing", "critical,digitalSignature"},
                      {"encryption", "critical,keyEncipherment"}};
constexpr const char* kAgent = "1.3.6.1.4.1.311.20.2.1";  // Certificate Request Agent

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

Failure openssl_failure(const char* step) {
    return fail(ErrorCode::internal, std::string("cannot make ") + step, take_openssl_errors());
}

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

// Days that the pair in use is good for; below 0 without one.
int days_left(const RaPlace& place, WallTime now) {
    int least = -1;
    std::error_code fault;
    for (const Use& use : kUses) {
        int best = -1;
        for (fs::directory_iterator at(place.store, fault), end; !fault && at != end;
             at.increment(fault)) {
            if (at->path().extension() != ".pem") continue;
            const auto found = load_certificates(at->path());
            if (!found || !found->front().has_extended_key_usage(kAgent)) continue;
            const KeyUsage wanted =
                &use == &kUses[0] ? KeyUsage::digital_signature : KeyUsage::key_encipherment;
            if (!found->front().has_key_usage(wanted)) continue;
            best = std::max(
                best, static_cast<int>(
                          std::chrono::floor<days>(found->front().not_after() - now).count()));
        }
        least = &use == &kUses[0] ? best : std::min(least, best);
    }
    return least;
}

template <class Write>
Result<std::string> pem_of(Write write) {
    const BioPtr out(::BIO_new(::BIO_s_mem()));
    if (!out || write(out.get()) != 1) return openssl_failure("PEM");
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return std::string(data, static_cast<std::size_t>(size));
}

Result<EvpPkeyPtr> make_key(const fs::path& path) {
    EvpPkeyPtr key(EVP_RSA_gen(kKeyBits));
    if (!key) return openssl_failure("a key");
    auto pem = pem_of([&](BIO* out) {
        return ::PEM_write_bio_PKCS8PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr,
                                               nullptr);
    });
    if (!pem) return pass_on(pem);
    auto written = write_new_file(path, *pem, 0600);
    ::OPENSSL_cleanse(pem->data(), pem->size());
    if (!written) return pass_on(written);
    return key;
}

X509ExtensionPtr extension(X509V3_CTX* context, int nid, const char* value) {
    return X509ExtensionPtr(::X509V3_EXT_conf_nid(nullptr, context, nid, value));
}

// A PKCS#10 request that asks for what makes a certificate the RA's.
Result<std::string> make_request(EVP_PKEY* key, X509_NAME* name, const Use& use) {
    const X509ReqPtr request(::X509_REQ_new());
    STACK_OF(X509_EXTENSION)* list = sk_X509_EXTENSION_new_null();
    bool good = request && list != nullptr &&
                ::X509_REQ_set_subject_name(request.get(), name) == 1 &&
                ::X509_REQ_set_pubkey(request.get(), key) == 1;
    for (const auto& [nid, value] :
         {std::pair(NID_key_usage, use.key_usage), std::pair(NID_ext_key_usage, kAgent)}) {
        X509ExtensionPtr one = extension(nullptr, nid, value);
        if (good && one && sk_X509_EXTENSION_push(list, one.get()) > 0)
            static_cast<void>(one.release());  // now the list's
        else
            good = false;
    }
    good = good && ::X509_REQ_add_extensions(request.get(), list) == 1 &&
           ::X509_REQ_sign(request.get(), key, ::EVP_sha256()) > 0;
    sk_X509_EXTENSION_pop_free(list, ::X509_EXTENSION_free);
    if (!good) return openssl_failure("a request");
    return pem_of([&](BIO* out) { return ::PEM_write_bio_X509_REQ(out, request.get()); });
}

struct LocalCa {
    Certificate certificate;
    EvpPkeyPtr key;
};

Result<LocalCa> load_ca(const RaPlace& place) {
    if (place.issuer_kind != "local")
        return fail(ErrorCode::bad_request, "the CA of [issuer] is not local",
                    "crpctl ra renew --csr makes requests for it");
    if (!place.pkcs11.module.empty())
        if (auto opened = use_pkcs11(place.pkcs11); !opened) return pass_on(opened);
    auto chain = load_certificates(place.ca_file);
    if (!chain) return pass_on(chain, "CA certificate");
    auto key = load_key(place.ca_key);
    if (!key) return pass_on(key, "CA key");
    if (!chain->front().matches(key->get()))
        return fail(ErrorCode::configuration,
                    place.ca_key.text() + ": is not the key of " + place.ca_file.string());
    return LocalCa{chain->front(), std::move(*key)};
}

Result<std::string> make_certificate(EVP_PKEY* key, X509_NAME* name, const Use& use,
                                     const LocalCa& ca, int validity_days) {
    const X509Ptr leaf(::X509_new());
    const Bytes octets = system_random().bytes(kSerialOctets);
    const BignumPtr serial(::BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
    const bool framed =
        leaf && serial && ::X509_set_version(leaf.get(), X509_VERSION_3) == 1 &&
        ::BN_to_ASN1_INTEGER(serial.get(), ::X509_get_serialNumber(leaf.get())) != nullptr &&
        ::X509_set_subject_name(leaf.get(), name) == 1 &&
        ::X509_set_issuer_name(leaf.get(), ::X509_get_subject_name(ca.certificate.handle())) == 1 &&
        ::X509_set_pubkey(leaf.get(), key) == 1 &&
        ::X509_gmtime_adj(X509_getm_notBefore(leaf.get()), 0) != nullptr &&
        ::X509_time_adj_ex(X509_getm_notAfter(leaf.get()), validity_days, 0, nullptr) != nullptr;
    if (!framed) return openssl_failure("a certificate");
    if (::X509_cmp_time(::X509_get0_notAfter(ca.certificate.handle()), nullptr) < 0 ||
        ::ASN1_TIME_compare(::X509_get0_notAfter(leaf.get()),
                            ::X509_get0_notAfter(ca.certificate.handle())) > 0)
        return fail(ErrorCode::bad_request, "the CA certificate ends before that",
                    "choose --days accordingly");
    X509V3_CTX context{};
    X509V3_set_ctx(&context, ca.certificate.handle(), leaf.get(), nullptr, nullptr, 0);
    for (const auto& [nid, value] :
         {std::pair(NID_basic_constraints, "critical,CA:FALSE"),
          std::pair(NID_key_usage, use.key_usage), std::pair(NID_ext_key_usage, kAgent),
          std::pair(NID_subject_key_identifier, "hash"),
          std::pair(NID_authority_key_identifier, "keyid")}) {
        const X509ExtensionPtr one = extension(&context, nid, value);
        if (!one || ::X509_add_ext(leaf.get(), one.get(), -1) != 1)
            return openssl_failure("an extension");
    }
    if (::X509_sign(leaf.get(), ca.key.get(), ::EVP_sha256()) <= 0)
        return openssl_failure("a signature");
    return pem_of([&](BIO* out) { return ::PEM_write_bio_X509(out, leaf.get()); });
}

// "20261127T210500Z"
std::string stamp(WallTime now) {
    std::string text = to_rfc3339(now).substr(0, 19) + "Z";
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

Result<void> renew(const RenewOptions& options) {
    auto place = read_place(options);
    if (!place) return pass_on(place);
    const WallTime now = system_clock().now();
    const int left = days_left(*place, now);
    if (options.if_days_left >= 0 && left > options.if_days_left) {
        std::fprintf(stderr, "nothing to do: %d days are left\n", left);
        return {};
    }
    auto subject = DistinguishedName::from_text(options.subject);
    if (!subject) return pass_on(subject, "--subject");
    auto name = subject->to_x509();
    if (!name) return pass_on(name, "--subject");
    Result<LocalCa> ca = options.csr ? Result<LocalCa>(LocalCa{}) : load_ca(*place);
    if (!ca) return pass_on(ca);
    // All that can fail comes before the first certificate appears.
    std::string certificates[std::size(kUses)];
    fs::path files[std::size(kUses)];
    std::vector<fs::path> keys;
    for (std::size_t i = 0; i < std::size(kUses); ++i) {
        const Use& use = kUses[i];
        files[i] = place->store / (std::string(use.name) + "-" + stamp(now) + ".pem");
        auto key = make_key(fs::path(files[i]).replace_extension(".key"));
        if (!key) return pass_on(key);
        keys.push_back(fs::path(files[i]).replace_extension(".key"));
        auto made = options.csr ? make_request(key->get(), name->get(), use)
                                : make_certificate(key->get(), name->get(), use, *ca,
                                                   options.validity_days);
        if (!made) {
            for (const fs::path& unused : keys)  // of this call, and of no certificate yet
                fs::remove(unused);
            return pass_on(made);
        }
        certificates[i] = std::move(*made);
    }
    for (std::size_t i = 0; i < std::size(kUses); ++i) {
        if (options.csr) {
            std::printf("%s", certificates[i].c_str());
            std::fprintf(stderr, "put its certificate into %s\n", files[i].c_str());
            continue;
        }
        if (auto done = write_file_durably(files[i], as_bytes(certificates[i])); !done) return done;
        std::printf("wrote %s\n", files[i].c_str());
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
