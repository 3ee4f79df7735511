#include "scep-server/message/ra_identity.h"

#include <utility>

namespace ndes::scep {
namespace {

struct Pair {
    Certificate certificate;
    EvpPkeyPtr key;
};

Failure wrong(const std::filesystem::path& path, const char* what) {
    return fail(ErrorCode::configuration, path.string() + ": " + what);
}

Result<Pair> load_pair(const std::filesystem::path& certificate_path, const KeySource& source) {
    auto certificates = load_certificates(certificate_path);
    if (!certificates) return pass_on(certificates);
    auto key = load_key(source);
    if (!key) return pass_on(key);
    Pair pair{std::move(certificates->front()), *std::move(key)};
    if (!pair.certificate.matches(pair.key.get())) {
        return wrong(source.text(), "is not the key of the certificate");
    }
    return pair;
}

}  // namespace

Result<RaIdentity> load_ra_identity(const std::filesystem::path& signing_certificate,
                                    const KeySource& signing_key,
                                    const std::filesystem::path& encryption_certificate,
                                    const KeySource& decryption_key) {
    auto signing = load_pair(signing_certificate, signing_key);
    if (!signing) return pass_on(signing, "RA signing certificate");
    auto encryption = load_pair(encryption_certificate, decryption_key);
    if (!encryption) return pass_on(encryption, "RA encryption certificate");
    if (!signing->certificate.has_key_usage(KeyUsage::digital_signature)) {
        return wrong(signing_certificate, "key usage lacks digitalSignature");
    }
    if (!encryption->certificate.has_key_usage(KeyUsage::key_encipherment)) {
        return wrong(encryption_certificate, "key usage lacks keyEncipherment");
    }
    if (key_facts(encryption->key.get()).type != KeyType::rsa) {
        return wrong(encryption_certificate, "clients can encrypt to RSA keys only");
    }
    RaIdentity identity;
    identity.signing_certificate = std::move(signing->certificate);
    identity.signing_key = std::move(signing->key);
    identity.encryption_certificate = std::move(encryption->certificate);
    identity.decryption_key = std::move(encryption->key);
    return identity;
}

}  // namespace ndes::scep
