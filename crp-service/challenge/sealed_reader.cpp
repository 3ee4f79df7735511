#include "crp-service/challenge/sealed_reader.h"

#include <algorithm>
#include <utility>

#include "common/crypto/asn1_text.h"
#include "crp-service/challenge/challenge_codec.h"

namespace ndes::crp {
namespace {

// What a CSR's challengePassword can carry, decoded.
constexpr std::size_t kMaxMessage = 12 * 1024;
// `openssl cms -sign -nocerts` leaves the certificate out; a listed one is at hand.
constexpr CmsLimits kLimits{kMaxMessage, 10, 16, false, true};

OpenedChallenge refused_sealed(std::string_view reason, std::string detail) {
    return unreadable(ChallengeKind::sealed, reason, std::move(detail));
}

std::string without_line_ends(std::string_view text) {
    std::string plain(text);
    std::erase_if(plain, [](char c) { return c == '\r' || c == '\n'; });
    return plain;
}

bool contains(const std::vector<Certificate>& list, const Certificate& certificate) {
    return std::ranges::any_of(
        list, [&](const Certificate& one) { return one.der() == certificate.der(); });
}

bool is_certified(const SealedSigner& signer, const Certificate& certificate) {
    if (!signer.san) return false;
    const auto names = certificate.subject_alt_names();
    if (!names || std::ranges::find(*names, *signer.san) == names->end()) return false;
    return std::ranges::any_of(signer.issuers, [&](const Certificate& issuer) {
        return certificate.is_issued_by(issuer);
    });
}

}  // namespace

SealedReader::SealedReader(std::vector<SealedSigner> signers, std::vector<CmsRecipient> recipients,
                           RevocationLists revocations)
    : signers_(std::move(signers)),
      recipients_(std::move(recipients)),
      revocations_(std::move(revocations)) {
    for (const SealedSigner& signer : signers_) {
        known_.insert(known_.end(), signer.certificates.begin(), signer.certificates.end());
    }
}

bool SealedReader::has_signer_of(std::string_view owner) const {
    return std::ranges::any_of(signers_,
                               [&](const SealedSigner& signer) { return signer.owner == owner; });
}

const SealedSigner* SealedReader::find_signer(const Certificate& certificate) const {
    const std::string pin = certificate.spki_sha256();
    const auto found = std::ranges::find_if(signers_, [&](const SealedSigner& signer) {
        return contains(signer.certificates, certificate) ||
               std::ranges::find(signer.spki_sha256, pin) != signer.spki_sha256.end() ||
               is_certified(signer, certificate);
    });
    return found == signers_.end() ? nullptr : &*found;
}

std::string SealedReader::signer_fault(const SealedSigner& signer, const Certificate& certificate,
                                       WallTime now) const {
    if (!signer.validity.covers(now)) return "caller \"" + signer.owner + "\" is not in force";
    if (now < certificate.not_before()) return "its certificate is not valid yet";
    if (now >= certificate.not_after()) {
        return "its certificate expired " + to_rfc3339(certificate.not_after());
    }
    if (!certificate.has_key_usage(KeyUsage::digital_signature) &&
        !certificate.has_key_usage(KeyUsage::non_repudiation)) {
        return "its certificate is not for signatures";
    }
    return revocations_.fault_of(certificate, now);
}

OpenedChallenge SealedReader::open(std::string_view text, WallTime now) const {
    const Result<Bytes> message = from_base64(without_line_ends(text));
    if (!message) {
        return refused_sealed("ChallengeDecodingError",
                              "the challenge is over 255 characters and not base64");
    }
    auto outside = CmsSignedMessage::read(*message, kLimits);
    if (!outside) {
        return refused_sealed("ChallengeDecodingError",
                              "the sealed challenge: " + std::string(outside.error().text));
    }
    const std::optional<Certificate> signer = outside->find_signer(known_);
    if (!signer) {
        return refused_sealed(
            "SigningCertThumbprintMismatch",
            "the signer's certificate is neither in the challenge nor on the list");
    }
    const std::string name = "signer " + signer->sha1();
    const SealedSigner* const listed = find_signer(*signer);
    if (listed == nullptr) {
        return refused_sealed("SigningCertThumbprintMismatch", name + " is not on the list");
    }
    if (const std::string fault = signer_fault(*listed, *signer, now); !fault.empty()) {
        return refused_sealed("SigningCertThumbprintMismatch", name + ": " + fault);
    }
    if (!outside->verify(*signer)) {
        return refused_sealed("SignatureValidationFailed",
                              "the signature of " + name +
                                  " does not verify, or its key or digest "
                                  "is too weak");
    }
    const auto inside = open_cms_envelope(outside->content(), recipients_, kLimits);
    // A wrong key gives good padding once in 256 times; its garbage fails like all the rest.
    if (!inside || !is_utf8(as_text(inside->content.expose()))) {
        return refused_sealed(
            "ChallengeDecryptionError",
            "the envelope of the sealed challenge cannot be opened: encrypted to none of "
            "the CRP's certificates, altered, or in a cipher that is not permitted");
    }
    OpenedChallenge opened;
    opened.kind = ChallengeKind::sealed;
    opened.owner = listed->owner;
    opened.key_id = inside->recipient->name;
    auto claims = read_sealed_claims(as_text(inside->content.expose()));
    if (!claims) {
        opened.reason = claims.error().reason;
        opened.detail = "the sealed challenge: " + claims.error().detail;
        return opened;
    }
    opened.claims = {
        claims->challenge_id, ChallengeCodec::digest_of(claims->certificate_request_id),
        claims->device_id,    claims->user_id,
        claims->not_before,   claims->expires_at};
    opened.sealed = std::move(*claims);
    return opened;
}

}  // namespace ndes::crp
