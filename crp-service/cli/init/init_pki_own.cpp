// A small CA of one's own: the issuing CA and its RA, and apart from them the CA of the mutual TLS
// between the programs, so that no device's certificate is one that a server or an administrator
// could have. The module's client certificate is of the issuing CA, whose key ndesd has, to renew
// it by itself; crpd knows that caller by its key alone (init_config_crpd.cpp).
#include <utility>
#include <vector>

#include <openssl/crypto.h>
#include <openssl/obj_mac.h>

#include "common/bytes.h"
#include "crp-service/cli/init/certificate_maker.h"
#include "crp-service/cli/init/init_pki.h"

namespace ndes::crp::cli {

namespace {

constexpr unsigned kCaBits = 3072;
constexpr unsigned kRaBits = 2048;  // clients decrypt and verify with it, old ones among them
constexpr const char* kModuleRole = "ndesd client";
constexpr const char* kModuleName = "DNS:ndesd";
constexpr const char* kRequestAgent = "1.3.6.1.4.1.311.20.2.1";

PemPair take_pair(MadeCertificate&& made) { return {std::move(made.pem), std::move(made.key_pem)}; }

std::string san_of_host(const std::string& host) {
    const bool address = host.find_first_not_of("0123456789.") == std::string::npos;
    return (address ? "IP:" : "DNS:") + host;
}

class PkiMaker {
  public:
    explicit PkiMaker(const InitAnswers& answers)
        : name_(answers.get("ca_name")),
          ca_days_(std::stoi(answers.get("ca_days"))),
          days_(std::stoi(answers.get("certificate_days"))) {}

    Result<MadeCertificate> root(const std::string& role, unsigned rsa_bits) const {
        return make_own_certificate({subject(role),
                                     rsa_bits,
                                     ca_days_,
                                     {{NID_basic_constraints, "critical,CA:TRUE"},
                                      {NID_key_usage, "critical,keyCertSign,cRLSign"}}},
                                    nullptr);
    }
    Result<PemPair> leaf(const MadeCertificate& issuer, const std::string& role, unsigned rsa_bits,
                         const char* key_usage, const char* purpose, const std::string& san) const {
        CertificateOrder order{subject(role), rsa_bits, days_, {}};
        order.extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                            {NID_key_usage, std::string("critical,") + key_usage},
                            {NID_ext_key_usage, purpose}};
        if (!san.empty()) order.extensions.emplace_back(NID_subject_alt_name, san);
        auto made = make_own_certificate(order, &issuer);
        if (!made) return pass_on(made);
        return take_pair(std::move(*made));
    }

  private:
    std::string subject(const std::string& role) const { return "CN=" + name_ + " " + role; }

    std::string name_;
    int ca_days_;
    int days_;
};

Result<void> put(PemPair& place, Result<PemPair>&& made) {
    if (!made) return pass_on(made);
    place = std::move(*made);
    return {};
}

Result<void> make_issuing_ca(const PkiMaker& maker, InitPki& pki) {
    auto ca = maker.root("Issuing CA", kCaBits);
    if (!ca) return pass_on(ca);
    if (auto done = put(pki.ra_signing, maker.leaf(*ca, "RA signing", kRaBits, "digitalSignature",
                                                   kRequestAgent, ""));
        !done) {
        return done;
    }
    if (auto done = put(pki.ra_encryption, maker.leaf(*ca, "RA encryption", kRaBits,
                                                      "keyEncipherment", kRequestAgent, ""));
        !done) {
        return done;
    }
    if (auto done = put(pki.module, maker.leaf(*ca, kModuleRole, 0, "digitalSignature",
                                               "clientAuth", kModuleName));
        !done) {
        return done;
    }
    pki.ca = take_pair(std::move(*ca));
    return {};
}

Result<void> make_tls(const PkiMaker& maker, const InitAnswers& answers, InitPki& pki) {
    auto ca = maker.root("TLS CA", 0);
    if (!ca) return pass_on(ca);
    const std::string here = "DNS:localhost,IP:127.0.0.1";
    const std::string host = san_of_host(answers.get("crp_host"));
    const std::string crp_names = here.find(host) == std::string::npos ? host + "," + here : here;
    struct Leaf {
        PemPair* place;
        const char* role;
        const char* purpose;
        std::string san;
    };
    std::vector<Leaf> leaves{
        Leaf{&pki.crp, "crpd", "serverAuth", crp_names},
        Leaf{&pki.site, "ndesd", "serverAuth", here},
        Leaf{&pki.admin, "administrator", "clientAuth", "DNS:" + answers.get("admin_name")},
        Leaf{&pki.mdm, "MDM", "clientAuth", "DNS:" + answers.get("mdm_name")}};
    if (!answers.own_ca()) leaves.push_back({&pki.module, kModuleRole, "clientAuth", kModuleName});
    for (const Leaf& one : leaves) {
        auto done =
            put(*one.place, maker.leaf(*ca, one.role, 0, "digitalSignature", one.purpose, one.san));
        if (!done) return done;
    }
    pki.crp_ca = ca->pem;
    pki.client_ca = ca->pem + (answers.own_ca() ? pki.ca.certificate : std::string());
    pki.tls_ca = take_pair(std::move(*ca));
    return {};
}

}  // namespace

InitPki::~InitPki() {
    for (PemPair* one :
         {&ca, &ra_signing, &ra_encryption, &tls_ca, &crp, &site, &module, &admin, &mdm}) {
        ::OPENSSL_cleanse(one->key.data(), one->key.size());
    }
}

Result<InitPki> make_pki(const InitAnswers& answers) {
    // What was given besides, when another CA issues to devices.
    InitPki pki;
    if (!answers.own_ca()) {
        auto given = read_pki(answers);
        if (!given) return given;
        pki = std::move(*given);
    }
    const PkiMaker maker(answers);
    if (answers.own_ca()) {
        if (auto done = make_issuing_ca(maker, pki); !done) return pass_on(done);
    }
    if (auto done = make_tls(maker, answers, pki); !done) return pass_on(done);
    return pki;
}

}  // namespace ndes::crp::cli
