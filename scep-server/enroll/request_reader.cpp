#include "scep-server/enroll/request_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/crypto/general_names.h"
#include "scep-server/message/ra_identity.h"

namespace ndes::scep {
namespace {

tl::unexpected<Refused> refuse(NdesEvent event, std::string text, std::string detail = {}) {
    return tl::unexpected<Refused>(
        Refused{FailInfo::bad_request, event, std::move(text), std::move(detail)});
}

// One class for all that can be wrong inside the envelope.
tl::unexpected<Refused> refuse_inside(NdesEvent event, std::string text, std::string detail) {
    return tl::unexpected<Refused>(
        Refused{FailInfo::bad_message_check, event, std::move(text), std::move(detail)});
}

tl::expected<Bytes, Refused> open_message(const SignedRequest& message, const RaIdentity& ra) {
    auto content = open_envelope(message, ra);
    if (content) return std::move(*content);
    return refuse_inside(kFailToDecrypt, "the message cannot be decrypted",
                         content.error().error.text);
}

tl::expected<CertificateRequest, Refused> read_csr(const SignedRequest& message,
                                                   const RaIdentity& ra) {
    auto content = open_message(message, ra);
    if (!content) return tl::unexpected(std::move(content.error()));
    auto csr = parse_csr(*content);
    if (!csr)
        return refuse_inside(kFailDecodeRequest, "the certificate request cannot be read",
                             csr.error().text);
    if (!verify_self_signature(*csr))
        return refuse_inside(kFailDecodeRequest,
                             "the certificate request is not signed by its own key", {});
    return std::move(*csr);
}

// The white paper's rule of renewal: the same subject, and no alternative name that the old
// certificate does not have.
std::optional<std::string> fault_of_names(const Certificate& signer,
                                          const CertificateRequest& csr) {
    const auto subject = signer.subject();
    if (!subject || !subject->same_names(csr.subject))
        return "the signing certificate has another subject than the request";
    if (!csr.subject_alt_names) return std::nullopt;
    const auto names = signer.subject_alt_names();
    if (!names || !includes_alt_names(*names, *csr.subject_alt_names))
        return "the request has a subject alternative name that the signing certificate lacks";
    return std::nullopt;
}

// Why `signer` cannot vouch for a renewal; nothing if it can.
std::optional<std::string> fault_of_renewal(const Certificate& signer,
                                            const CertificateRequest& csr, const RaIdentity& ra,
                                            const ReadRules& rules, WallTime now) {
    if (!rules.allow_renewal) return "renewal is switched off";
    if (auto fault = fault_of_device_certificate(signer, ra, rules, now)) return fault;
    return rules.match_renewal_names ? fault_of_names(signer, csr) : std::nullopt;
}

// NDES: 0x80 signature, 0x20 encryption, 0xa0 or none general purpose. The usages that go along
// with one of the two (nonRepudiation; dataEncipherment, keyAgreement) count as that one.
int usage_of(const std::optional<std::vector<KeyUsage>>& usages) {
    const auto names_any = [&](std::initializer_list<KeyUsage> wanted) {
        return usages && std::ranges::any_of(wanted, [&](KeyUsage usage) {
                   return std::ranges::find(*usages, usage) != usages->end();
               });
    };
    const bool signs = names_any({KeyUsage::digital_signature, KeyUsage::non_repudiation});
    const bool encrypts = names_any(
        {KeyUsage::key_encipherment, KeyUsage::data_encipherment, KeyUsage::key_agreement});
    if (signs == encrypts) return kSignatureUse | kEncryptionUse;
    return signs ? kSignatureUse : kEncryptionUse;
}

const std::string& template_for(int usage, const TemplateConfig& templates) {
    if (usage == kSignatureUse) return templates.signature;
    return usage == kEncryptionUse ? templates.encryption : templates.general_purpose;
}

// Stops who re-wraps a recorded envelope in a signature of his own: the reply would be his.
tl::expected<void, Refused> check_initial(const CertificateRequest& csr, const Certificate& signer,
                                          const ReadRules& rules,
                                          const std::string& why_no_renewal) {
    if (signer.spki_sha256() != csr.spki_sha256)
        return refuse(kFailToRetrieveInfo,
                      "the message is not signed by the key that a certificate is asked for",
                      why_no_renewal);
    if (rules.require_password && (!csr.challenge || csr.challenge->empty()))
        return refuse(kNoPassword,
                      "neither a challenge nor a signing certificate of this CA is present",
                      why_no_renewal);
    return {};
}

enum class SignerKind { initial, renewal };

tl::expected<SignerKind, Refused> judge_signer(const SignedRequest& message,
                                               const CertificateRequest& csr, const RaIdentity& ra,
                                               const ReadRules& rules, WallTime now) {
    const std::optional<std::string> fault = fault_of_renewal(message.signer, csr, ra, rules, now);
    if (!fault) return SignerKind::renewal;
    if (message.message_type == MessageType::renewal_req)
        return refuse(kNoPassword, "the renewal is not signed by a valid certificate of this CA",
                      *fault);
    if (auto initial = check_initial(csr, message.signer, rules, *fault); !initial)
        return tl::unexpected(std::move(initial.error()));
    return SignerKind::initial;
}

// Whoever decides about the request may leave what it holds to us, its key too.
tl::expected<void, Refused> check_key(const CertificateRequest& csr, const ReadRules& rules) {
    if (csr.key.type != KeyType::rsa || csr.key.bits >= rules.minimum_rsa_bits) return {};
    return refuse(kFailCertificateRequest,
                  "an RSA key of " + std::to_string(csr.key.bits) + " bits is too weak",
                  "scep.minimum_rsa_bits is " + std::to_string(rules.minimum_rsa_bits));
}

// RFC 8894 section 3.1: a key that cannot decrypt gets its reply under the challenge. Found out
// after the certificate is issued, it would be issued for nobody.
tl::expected<void, Refused> check_reply(const SignedRequest& message, std::string_view challenge) {
    if (can_be_answered({message.signer, message.cipher_name, challenge})) return {};
    return tl::unexpected(
        Refused{FailInfo::bad_alg,
                kFailToEncrypt,
                "the signer's key cannot decrypt a reply, and there is no challenge to encrypt it "
                "under; an EC key renews with an RSA certificate or enrols anew with a challenge",
                {}});
}

}  // namespace

tl::expected<void, Refused> check_message_type(const SignedRequest& message,
                                               const ReadRules& rules) {
    if (message.message_type == MessageType::renewal_req && !rules.allow_renewal)
        return refuse(kBadMessageType, "renewal (messageType 17) is switched off");
    return {};
}

tl::expected<EnrollmentRequest, Refused> read_request(const SignedRequest& message,
                                                      const RaIdentity& ra, const ReadRules& rules,
                                                      WallTime now) {
    auto csr = read_csr(message, ra);
    if (!csr) return tl::unexpected(std::move(csr.error()));
    const auto kind = judge_signer(message, *csr, ra, rules, now);
    if (!kind) return tl::unexpected(kind.error());
    if (auto strong = check_key(*csr, rules); !strong)
        return tl::unexpected(std::move(strong.error()));
    if (auto possible = check_reply(message, csr->challenge.value_or("")); !possible)
        return tl::unexpected(std::move(possible.error()));

    EnrollmentRequest request;
    request.signer = message.signer;
    request.renewal = *kind == SignerKind::renewal;
    request.usage = usage_of(csr->key_usage);
    request.template_name = template_for(request.usage, rules.templates);
    request.names_key_usage = csr->key_usage.has_value();
    request.key = {message.transaction_id, csr->sha256,
                   request.renewal ? message.signer.sha256() : std::string(), rules.profile};
    request.csr = std::move(*csr);
    return request;
}

std::optional<std::string> fault_of_device_certificate(const Certificate& signer,
                                                       const RaIdentity& ra, const ReadRules& rules,
                                                       WallTime now) {
    if (!signer.is_issued_by(rules.ca_chain.front()))
        return "the signing certificate was not issued by this CA";
    // RA certificates, also those of before, and sub-CAs are of this CA too; they vouch for no
    // device.
    if (::X509_check_ca(signer.handle()) != 0 || signer.der() == ra.signing_certificate.der() ||
        signer.der() == ra.encryption_certificate.der() ||
        signer.has_extended_key_usage(kCertificateRequestAgent))
        return "the signing certificate is not a device's";
    if (now < signer.not_before()) return "the signing certificate is not valid yet";
    if (now > signer.not_after()) return "the signing certificate has expired";
    return std::nullopt;
}

tl::expected<void, Refused> read_poll(const SignedRequest& message, const RaIdentity& ra) {
    auto content = open_message(message, ra);
    if (!content) return tl::unexpected(std::move(content.error()));
    return {};
}

tl::expected<IssuerAndSerial, Refused> read_certificate_query(const SignedRequest& message,
                                                              const RaIdentity& ra) {
    if (auto possible = check_reply(message, {}); !possible)
        return tl::unexpected(std::move(possible.error()));
    auto content = open_message(message, ra);
    if (!content) return tl::unexpected(std::move(content.error()));
    auto query = read_issuer_and_serial(*content);
    if (!query)
        return refuse_inside(kFailNameNumber, "the message names no issuer and serial number",
                             query.error().text);
    return std::move(*query);
}

}  // namespace ndes::scep
