// Certificates that were given: each is held against what it is for, before anything is written.
#include <algorithm>
#include <optional>

#include "common/crypto/certificate.h"
#include "common/crypto/key.h"
#include "common/file.h"
#include "crp-service/cli/init/init_pki.h"

namespace ndes::crp::cli {

namespace {

constexpr const char* kServerAuth = "1.3.6.1.5.5.7.3.1";
constexpr const char* kClientAuth = "1.3.6.1.5.5.7.3.2";

// What a certificate must be good for besides fitting its key and its issuer.
struct Purpose {
    const char* extended_usage = nullptr;
    std::optional<KeyUsage> usage = std::nullopt;
    std::string host = {};  // that its alternative names must have
};

class GivenPki {
  public:
    explicit GivenPki(const InitAnswers& answers) : answers_(answers) {}

    std::string text(const std::string& key) {
        const std::string file = answers_.get(key);
        if (file.empty()) return {};
        auto contents = read_file(file);
        if (contents) return *contents;
        fault(key, contents.error().text);
        return {};
    }

    // `stem`_certificate and, if it was asked for, `stem`_key; `issuer`: key of the CA's file.
    PemPair pair(const std::string& stem, const std::string& issuer, const Purpose& purpose) {
        const std::string name = stem + "_certificate";
        PemPair pair{text(name), text(stem + "_key")};
        if (pair.certificate.empty()) return pair;
        const auto chain = certificates_from_pem(pair.certificate);
        if (!chain) {
            fault(name, chain.error().text);
            return pair;
        }
        check_key_fits(chain->front(), stem);
        check_issuer(*chain, name, issuer);
        check_purpose(chain->front(), name, purpose);
        return pair;
    }

    Result<void> result() const {
        if (faults_.empty()) return {};
        return fail(ErrorCode::configuration, "certificates that do not fit:" + faults_);
    }

  private:
    void fault(const std::string& key, const std::string& what) {
        faults_ += "\n  " + key + " (" + answers_.get(key) + "): " + what;
    }

    void check_key_fits(const Certificate& leaf, const std::string& stem) {
        const std::string file = answers_.get(stem + "_key");
        if (file.empty()) return;
        const auto key = load_private_key(file);
        if (!key)
            fault(stem + "_key", key.error().text);
        else if (!leaf.matches(key->get()))
            fault(stem + "_key", "is not the key of " + answers_.get(stem + "_certificate"));
    }

    // By one of the CA file's, or by way of the certificates behind the leaf.
    void check_issuer(const std::vector<Certificate>& chain, const std::string& name,
                      const std::string& issuer) {
        if (issuer.empty() || answers_.get(issuer).empty()) return;
        const auto anchors = load_certificates(answers_.get(issuer));
        if (!anchors) return fault(issuer, anchors.error().text);
        const Certificate* at = &chain.front();
        for (std::size_t next = 1; next <= chain.size(); ++next) {
            if (std::ranges::any_of(*anchors, [&](const Certificate& anchor) {
                    return at->is_issued_by(anchor);
                })) {
                return;
            }
            if (next == chain.size() || !at->is_issued_by(chain[next])) break;
            at = &chain[next];
        }
        fault(name, "was not issued by " + issuer + " (" + answers_.get(issuer) + ")");
    }

    void check_purpose(const Certificate& leaf, const std::string& name, const Purpose& purpose) {
        if (purpose.extended_usage != nullptr &&
            !leaf.has_extended_key_usage(purpose.extended_usage)) {
            fault(name,
                  std::string("lacks the extended key usage ") +
                      (purpose.extended_usage == std::string_view(kServerAuth) ? "serverAuth"
                                                                               : "clientAuth"));
        }
        if (purpose.usage && !leaf.has_key_usage(*purpose.usage)) {
            fault(name, std::string("lacks the key usage ") +
                            (*purpose.usage == KeyUsage::digital_signature ? "digitalSignature"
                             : *purpose.usage == KeyUsage::key_cert_sign   ? "keyCertSign"
                                                                           : "keyEncipherment"));
        }
        if (!purpose.host.empty() && !has_name(leaf, purpose.host))
            fault(name, "does not have the name " + purpose.host);
    }

    static bool has_name(const Certificate& leaf, const std::string& host) {
        const auto names = leaf.subject_alt_names();
        if (!names) return false;
        const std::size_t dot = host.find('.');
        const std::string wild = dot == std::string::npos ? "" : "*" + host.substr(dot);
        return std::ranges::any_of(*names, [&](const SubjectAltName& name) {
            return name.value == host || (!wild.empty() && name.value == wild);
        });
    }

    const InitAnswers& answers_;
    std::string faults_;
};

}  // namespace

Result<InitPki> read_pki(const InitAnswers& answers) {
    GivenPki given(answers);
    InitPki pki;
    pki.ca = given.pair("ca", "", {.usage = KeyUsage::key_cert_sign});
    pki.ra_signing =
        given.pair("ra_signing", "ca_certificate", {.usage = KeyUsage::digital_signature});
    pki.ra_encryption =
        given.pair("ra_encryption", "ca_certificate", {.usage = KeyUsage::key_encipherment});
    pki.crp_ca = given.text("crp_ca");
    pki.client_ca = given.text("client_ca");
    pki.crp = given.pair("crp", "crp_ca",
                         {.extended_usage = kServerAuth, .host = answers.get("crp_host")});
    pki.site = given.pair("site", "crp_ca", {.extended_usage = kServerAuth});
    for (const auto& [stem, place] : {std::pair("module", &pki.module),
                                      std::pair("admin", &pki.admin), std::pair("mdm", &pki.mdm)})
        *place = given.pair(stem, "client_ca", {.extended_usage = kClientAuth});
    if (auto sound = given.result(); !sound) return pass_on(sound);
    return pki;
}

}  // namespace ndes::crp::cli
