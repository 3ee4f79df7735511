#include "scep-server/issuer/cfssl_issuer.h"

#include <algorithm>
#include <array>
#include <memory>
#include <mutex>
#include <utility>

#include <openssl/hmac.h>

#include "common/crypto/pem.h"
#include "common/file.h"
#include "common/json_text.h"
#include "common/secret.h"
#include "common/strict_json.h"
#include "scep-server/issuer/ca_connection.h"

namespace ndes::scep {
namespace {

constexpr const char* kPath = "/api/v1/cfssl/authsign";

Result<Secret> load_auth_key(const std::filesystem::path& path) {
    auto text = read_secret_file(path);
    if (!text) return pass_on(text, "issuer.auth_key_file");
    std::string_view hex = as_text(text->expose());
    while (!hex.empty() && (hex.back() == '\n' || hex.back() == '\r' || hex.back() == ' '))
        hex.remove_suffix(1);
    auto key = from_hex(hex);
    if (!key || key->size() < 16)
        return fail(ErrorCode::configuration,
                    path.string() + ": must hold at least 32 hexadecimal digits");
    return Secret(std::move(*key));
}

// cfssl knows e-mail address, IP address and host name by their looks. bad_request for what it has
// no word for.
Result<std::string> hosts_of(const CertificateContents& contents) {
    if (!contents.security_identifier.empty())
        return fail(ErrorCode::bad_request, "cfssl cannot certify a security identifier");
    for (const SubjectAltName& name : contents.subject_alt_names)
        if (name.type == SubjectAltNameType::upn || name.type == SubjectAltNameType::uri)
            return fail(ErrorCode::bad_request,
                        std::string("cfssl cannot certify a name of type ") + to_string(name.type));
    return json_text_list(contents.subject_alt_names,
                          [](const SubjectAltName& name) { return name.value; });
}

// cfssl's own form of a name: {"CN":…,"names":[{"C":…,"O":…}, …]}; a name of other attributes
// cannot be told to it. Empty then.
std::string subject_of(const DistinguishedName& name) {
    constexpr std::array<std::pair<const char*, const char*>, 6> kKnown{
        {{"2.5.4.6", "C"},
         {"2.5.4.8", "ST"},
         {"2.5.4.7", "L"},
         {"2.5.4.10", "O"},
         {"2.5.4.11", "OU"},
         {"2.5.4.5", "SerialNumber"}}};
    std::string common_name;
    std::string names;
    for (const RelativeName& relative : name.names()) {
        for (const NameAttribute& attribute : relative) {
            if (attribute.oid == "2.5.4.3" && common_name.empty()) {
                common_name = attribute.value;
                continue;
            }
            const auto known = std::ranges::find(kKnown, attribute.oid,
                                                 [](const auto& pair) { return pair.first; });
            if (known == kKnown.end()) return {};
            JsonObjectText part;
            part.text(known->second, attribute.value);
            names += (names.empty() ? "" : ",") + part.finish();
        }
    }
    JsonObjectText json;
    json.text("CN", common_name);
    json.json("names", "[" + names + "]");
    return json.finish();
}

// The categories of cfssl's error numbers that speak of this request: 5xxx policy, 9xxx CSR.
bool is_refusal(std::int64_t code) { return code / 1000 == 5 || code / 1000 == 9; }

Failure unusable(const char* what, int status) {
    return fail(ErrorCode::unavailable, std::string("cfssl: ") + what,
                "HTTP status " + std::to_string(status));
}

class CfsslIssuer final : public IssuerOfKnownCa {
  public:
    CfsslIssuer(KnownCa known, CfsslIssuerOptions options, Secret key,
                std::unique_ptr<CaConnection> connection)
        : IssuerOfKnownCa(std::move(known)),
          options_(std::move(options)),
          key_(std::make_shared<const Secret>(std::move(key))),
          connection_(std::move(connection)) {}

    Result<IssueAnswer> issue(const IssueRequest& request) override {
        auto order = order_of(request);
        if (!order) {
            if (order.error().code == ErrorCode::bad_request) return refused(order.error().text);
            return pass_on(order);
        }
        auto response = connection_->post(kPath, {{"content-type", "application/json"}}, *order);
        if (!response) return pass_on(response, "cfssl");
        return read(*response, *request.csr);
    }

    Result<void> reload(WallTime now) override {
        auto ca = IssuerOfKnownCa::reload(now);
        auto connection = connection_->reload();
        auto key = load_auth_key(options_.auth_key_file);
        if (!key) return pass_on(key);
        {
            const std::lock_guard lock(key_mutex_);
            key_ = std::make_shared<const Secret>(std::move(*key));
        }
        return ca ? connection : ca;
    }

  private:
    std::shared_ptr<const Secret> auth_key() const {
        const std::lock_guard lock(key_mutex_);
        return key_;
    }

    Result<std::string> order_of(const IssueRequest& request) const {
        auto hosts = hosts_of(request.contents);
        if (!hosts) return pass_on(hosts);
        auto wanted = DistinguishedName::from_text(request.contents.subject);
        if (!wanted) return pass_on(wanted, "subject");
        JsonObjectText json(4096);
        json.text("certificate_request", to_pem("CERTIFICATE REQUEST", request.csr->der));
        json.json("hosts", *hosts);  // in place of those of the request
        if (!wanted->same_names(request.csr->subject)) {
            const std::string subject = subject_of(*wanted);
            if (subject.empty())
                return fail(ErrorCode::bad_request,
                            "cfssl cannot certify the subject " + request.contents.subject);
            json.json("subject", subject);
        }
        if (!options_.profile.empty()) json.text("profile", options_.profile);
        if (!options_.label.empty()) json.text("label", options_.label);
        return authenticated(json.finish());
    }

    // {"token": HMAC of the request, "request": the request}, both base64 (cfssl's standard auth).
    std::string authenticated(const std::string& request) const {
        std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
        unsigned int size = 0;
        const auto secret = auth_key();
        const ByteView key = secret->expose();
        ::HMAC(::EVP_sha256(), key.data(), static_cast<int>(key.size()), as_bytes(request).data(),
               request.size(), mac.data(), &size);
        JsonObjectText json(8192);
        json.text("token", to_base64({mac.data(), size}));
        json.text("request", to_base64(as_bytes(request)));
        return json.finish();
    }

    Result<IssueAnswer> read(const http::ClientResponse& response,
                             const CertificateRequest& csr) const {
        const auto json = parse_json(response.body);
        if (!json || !json->is_object()) return unusable("no JSON answer", response.status);
        if (!json->value("success", Json(false)).is_boolean())
            return unusable("no verdict", response.status);
        if (!json->value("success", false)) return read_errors(*json, response.status);
        const Json result = json->value("result", Json());
        const Json pem = result.is_object() ? result.value("certificate", Json()) : Json();
        if (!pem.is_string()) return unusable("no certificate", response.status);
        auto certificates = certificates_from_pem(pem.get<std::string>());
        if (!certificates) return unusable("no readable certificate", response.status);
        return issued(std::move(*certificates), csr);
    }

    Result<IssueAnswer> read_errors(const Json& json, int status) const {
        const Json errors = json.value("errors", Json());
        const Json first = errors.is_array() && !errors.empty() ? errors.front() : Json();
        const Json code = first.is_object() ? first.value("code", Json()) : Json();
        const Json text = first.is_object() ? first.value("message", Json()) : Json();
        if (!code.is_number_integer() || !text.is_string()) return unusable("no verdict", status);
        const std::string words =
            std::to_string(code.get<std::int64_t>()) + " " + first_words(text.get<std::string>());
        if (is_refusal(code.get<std::int64_t>())) return refused("cfssl: " + words);
        return fail(ErrorCode::unavailable, "cfssl: " + words);
    }

    const CfsslIssuerOptions options_;
    mutable std::mutex key_mutex_;  // guards the pointer, held for moments
    std::shared_ptr<const Secret> key_;
    const std::unique_ptr<CaConnection> connection_;
};

}  // namespace

Result<std::unique_ptr<Issuer>> make_cfssl_issuer(KnownCa ca, CfsslIssuerOptions options) {
    auto key = load_auth_key(options.auth_key_file);
    if (!key) return pass_on(key);
    auto connection =
        CaConnection::open({options.url, {{}, {}, options.server_ca_file}, options.deadline});
    if (!connection) return pass_on(connection);
    return std::unique_ptr<Issuer>(std::make_unique<CfsslIssuer>(
        std::move(ca), std::move(options), std::move(*key), std::move(*connection)));
}

}  // namespace ndes::scep
