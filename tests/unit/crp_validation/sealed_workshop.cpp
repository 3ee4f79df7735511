#include "tests/unit/crp_validation/sealed_workshop.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "common/crypto/key.h"
#include "common/strict_json.h"
#include "tests/unit/crp_validation/samples.h"

namespace ndes::test {

SealedWorkshop::SealedWorkshop() : ca_(folder_, "Workshop CA") {
    const auto leaf = [](const char* usage, KeyKind key, const char* san = "") {
        LeafProfile profile;
        profile.subject_alt_name = san;
        profile.key_usage = usage;
        profile.key = key;
        return profile;
    };
    issue("crp", leaf("keyEncipherment", KeyKind::rsa_2048));
    issue("crp-ec", leaf("keyAgreement", KeyKind::ec_p256));
    issue("elsewhere", leaf("keyEncipherment", KeyKind::rsa_2048));
    issue("mdm", leaf("digitalSignature", KeyKind::rsa_2048));
    issue("mdm-ec", leaf("digitalSignature", KeyKind::ec_p256));
    issue("pinned", leaf("digitalSignature", KeyKind::ec_p256));
    issue("issued", leaf("digitalSignature", KeyKind::ec_p256, "DNS:issued.example.org"));
    issue("stranger", leaf("digitalSignature", KeyKind::ec_p256, "DNS:other.example.org"));
}

void SealedWorkshop::issue(const std::string& name, const LeafProfile& profile) {
    LeafProfile named = profile;
    named.common_name = name;
    const Identity identity = ca_.issue(named);
    write(name + ".pem", to_pem(identity.certificate.get()));
    write_key_file(folder_.path() / (name + ".key"), identity.key.get());
}

void SealedWorkshop::openssl(const std::string& arguments) {
    const std::string command =
        "cd '" + folder_.path().string() + "' && openssl " + arguments + " >output 2>&1";
    if (std::system(command.c_str()) != 0) {
        throw std::runtime_error("openssl " + arguments + ": " + read("output"));
    }
}

void SealedWorkshop::encrypt(const std::string& in, const std::string& out,
                             const std::string& recipients, const std::string& options) {
    openssl("cms -encrypt -binary -outform DER " + options + " -in " + in + " -out " + out + " " +
            recipients);
}

void SealedWorkshop::sign(const std::string& in, const std::string& out, const std::string& signer,
                          const std::string& options) {
    openssl("cms -sign -binary -nodetach -nosmimecap -outform DER " + options + " -signer " +
            signer + ".pem -inkey " + signer + ".key -in " + in + " -out " + out);
}

std::string SealedWorkshop::seal(const std::string& claims, const std::string& recipient,
                                 const std::string& signer) {
    write("claims.json", claims);
    encrypt("claims.json", "envelope.der", recipient + ".pem");
    sign("envelope.der", "sealed.der", signer);
    return base64_of("sealed.der");
}

void SealedWorkshop::write(const std::string& name, const std::string& contents) {
    write_text_file(folder_.path() / name, contents);
}

std::string SealedWorkshop::read(const std::string& name) const {
    std::ifstream file(folder_.path() / name, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

Certificate SealedWorkshop::certificate(const std::string& name) const {
    return load_certificates(folder_.path() / (name + ".pem")).value().front();
}

void SealedWorkshop::revoke(const std::vector<std::string>& names, long next_update_s) {
    std::vector<Certificate> revoked;
    std::vector<const X509*> handles;
    for (const std::string& name : names)
        handles.push_back(revoked.emplace_back(certificate(name)).handle());
    std::filesystem::rename(ca_.write_crl(handles, next_update_s), path("crl.pem"));
}

crp::SealedReader SealedWorkshop::reader(const crp::ValidityPeriod& validity,
                                         RevocationLists revocations) const {
    std::vector<CmsRecipient> recipients;
    for (const char* name : {"crp", "crp-ec"}) {
        recipients.push_back(
            {name, certificate(name),
             std::move(load_private_key(folder_.path() / (std::string(name) + ".key")).value())});
    }
    std::vector<crp::SealedSigner> signers(3);
    for (crp::SealedSigner& signer : signers)
        signer.owner = "mdm-1";
    signers[0].certificates = {certificate("mdm"), certificate("mdm-ec")};
    signers[1].spki_sha256 = {certificate("pinned").spki_sha256()};
    signers[2].issuers = {Certificate::from_handle(ca_.certificate()).value()};
    signers[2].san = SubjectAltName{SubjectAltNameType::dns, "issued.example.org"};
    for (crp::SealedSigner& signer : signers)
        signer.validity = validity;
    return crp::SealedReader(std::move(signers), std::move(recipients), std::move(revocations));
}

std::string sample_claims(WallTime begin, WallTime end, const std::string& id) {
    const crp::Policy policy = sample_policy();
    return Json{{"version", 1},
                {"challengeId", id},
                {"policyId", policy.id},
                {"certificateRequestId", policy.certificate_request_id},
                {"deviceId", sample_device().id},
                {"userId", sample_user().id},
                {"audience", "crp-test"},
                {"issuedAt", to_rfc3339(begin)},
                {"expiresAt", to_rfc3339(end)}}
        .dump();
}

}  // namespace ndes::test
