#include "crp-service/http/material.h"

#include <algorithm>
#include <cctype>

namespace ndes::crp {

namespace {

// Windows shows thumbprints in upper case, and operators compare by eye.
std::string thumbprint_of(const Certificate& certificate) {
    std::string text = certificate.sha1();
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

// Whatever was wrong with a file: it is the configuration that an operator has to mend.
template <class T>
Failure unusable(Result<T>& failed, std::string_view key) {
    failed.error().code = ErrorCode::configuration;
    return pass_on(failed, key);
}

}  // namespace

Result<Material> load_material(const CrpdConfig& config, const Clock& clock) {
    auto tls = build_server_context(config.tls_files);
    if (!tls) return unusable(tls, "server");
    auto chain = load_certificates(config.tls_files.certificate);
    if (!chain) return unusable(chain, "server.certificate_file");
    if (clock.now() >= chain->front().not_after()) {
        return fail(ErrorCode::configuration,
                    "server.certificate_file: the certificate expired at " +
                        to_rfc3339(chain->front().not_after()));
    }
    auto codec = load_challenge_codec(config.challenge.files);
    if (!codec) return unusable(codec, "challenge");
    auto ca = load_certificates(config.challenge.ca_certificate_file);
    if (!ca) return unusable(ca, "challenge.ca_certificate_file");
    for (const auto& [name, adapter] : config.adapters) {
        if (auto loaded = adapter->load(); !loaded) return unusable(loaded, "adapters." + name);
    }
    auto credentials = Credentials::load(config.callers);
    if (!credentials) return unusable(credentials, "caller.credential");
    return Material{std::move(*tls),
                    chain->front(),
                    std::move(*codec),
                    {config.challenge.scep_url, thumbprint_of(ca->front())},
                    std::move(*credentials)};
}

std::shared_ptr<const LiveParts> make_live_parts(const CrpdConfig& config, Material& material,
                                                 Store& store, const Clock& clock, Random& random,
                                                 Log& log, VerifyObserver* observer) {
    std::unique_ptr<const ChallengeCodec> codec = std::move(material.codec);
    auto verify = std::make_unique<VerifyService>(store, *codec, clock, random, log,
                                                  config.validation, observer);
    auto challenges =
        std::make_unique<ChallengeService>(store, *codec, clock, random, material.scep);
    auto verifier = std::make_unique<const ClientVerifier>(material.tls, clock);
    return std::make_shared<const LiveParts>(LiveParts{
        CallerList(config.callers), std::move(codec), std::move(verify), std::move(challenges),
        std::move(verifier), config.adapters, std::move(material.credentials)});
}

}  // namespace ndes::crp
