#include "crp-service/validation/reasons.h"

#include <algorithm>
#include <array>

namespace ndes::crp {
namespace {

// A refusal counts against a challenge when the CSR says something else than what the record
// promised: five such guesses lock it. What an MDM or operator can put right does not count, or a
// missing record would burn the challenges of a whole fleet.
constexpr bool kCounts = true;
constexpr bool kDoesNotCount = false;

constexpr std::array kReasons = std::to_array<Reason>({
    // ---- phase 0
    {"TemplateNotPermitted", 0,
     "The template has no permission record, or the record gives neither this user nor this device "
     "both read and enroll; or the MDM's [[caller]] does not list the template.",
     "Add the user, a group of the user, the device or * to PUT /api/v1/templates/{name} with read "
     "and enroll, correct the template name that ndesd maps the key usage to, or add it to the "
     "caller's templates.",
     kDoesNotCount, ""},

    // ---- phase 1
    {"CertificateRequestDecodingFailed", 1,
     "The request is not one well-formed DER PKCS#10 request.",
     "Look at the detail for the first fault; update the SCEP client or report it to its maker.",
     kDoesNotCount, "CertificateRequestDecodingFailed"},
    {"CertificateRequestSignatureInvalid", 1,
     "The request is not signed by the key it asks a certificate for, or with an unsafe hash.",
     "Make the client sign the request with its own new key and SHA-256; if it does, suspect a "
     "copied public key.",
     kDoesNotCount, ""},
    {"ChallengeDecodingError", 1,
     "The challenge begins like a minted one, or is longer than any minted or posted one, but is "
     "cut off, not base64, or not one signed message of the accepted form.",
     "Check that the MDM profile and the client carry all characters of the challenge; a sealed "
     "one is encrypted first and then signed, by one signer.",
     kDoesNotCount, "ChallengeDecodingError"},
    {"ChallengeDecryptionError", 1,
     "The challenge is forged or altered, or was made under a key that is no longer configured; a "
     "sealed one may be in a cipher that is not permitted.",
     "Issue a new challenge; after a key change keep the old key in challenge.key_files or "
     "sealed_recipient until its challenges have expired (crpctl keys check).",
     kDoesNotCount, "ChallengeDecryptionError"},
    {"ChallengePasswordMissing", 1,
     "The request is not a renewal and carries no challengePassword, or an empty one.",
     "Put a challenge into the SCEP profile; a client that means to renew has to sign the message "
     "with its present certificate.",
     kDoesNotCount, "ChallengePasswordMissing"},
    {"KeyNotAcceptable", 1,
     "The public key's algorithm is neither RSA nor EC, the RSA modulus is over 4096 bits or its "
     "exponent not 65537, or the EC curve is not named, or none of P-256, P-384, P-521 and "
     "Brainpool's of these sizes.",
     "Set the client to RSA 2048 to 4096 with the usual exponent, or to a common named curve.",
     kDoesNotCount, ""},
    {"KeyWeak", 1,
     "Anybody can compute the private key from the public one: the detail names the known flaw.",
     "Update the program or chip that makes the device's keys, and revoke what it was given "
     "before.",
     kDoesNotCount, ""},
    {"RenewalSignerUnreadable", 1,
     "The certificate that signed the renewal is not one well-formed DER certificate.",
     "Update the SCEP client or report it to its maker.", kDoesNotCount, ""},
    {"SignatureValidationFailed", 1,
     "The signature over a sealed challenge does not verify, or its key or digest is too weak.",
     "Check that the challenge arrives unchanged and that the MDM signs with SHA-256 and a key of "
     "RSA 2048 or EC; then issue a new challenge.",
     kDoesNotCount, "SignatureValidationFailed"},
    {"SigningCertThumbprintMismatch", 1,
     "A sealed challenge was signed by a certificate that is not on the list of sealed_signer, is "
     "out of date, revoked or not for signatures, or whose [[caller]] is not in force.",
     "Put the MDM's present signing certificate into a [[challenge.sealed_signer]] table, or renew "
     "it; the detail tells whether valid_until or client_crl_file stands against it.",
     kDoesNotCount, "SigningCertThumbprintMismatch"},

    // ---- phase 2
    {"BadCertificateRequestIdInChallenge", 2,
     "The challenge names no certificate request ID, or another one than its record.",
     "Correct the claim in the MDM; for a minted challenge issue a new one, and if it happens "
     "again, the database was restored or changed by hand.",
     kDoesNotCount, "BadCertificateRequestIdInChallenge"},
    {"BadDeviceIdInChallenge", 2, "The challenge names no device, or another one than its record.",
     "Correct the claim in the MDM; for a minted challenge issue a new one, and if it happens "
     "again, the database was restored or changed by hand.",
     kDoesNotCount, "BadDeviceIdInChallenge"},
    {"BadUserIdInChallenge", 2, "The challenge names no user ID, or another one than its record.",
     "Correct the claim in the MDM; for a minted challenge issue a new one, and if it happens "
     "again, the database was restored or changed by hand.",
     kDoesNotCount, "BadUserIdInChallenge"},
    {"ChallengeDeserializationError", 2,
     "The challenge is authentic, but its contents are not as this version writes or reads them.",
     "For a sealed challenge correct the field that the detail names; else issue a new challenge "
     "and check that all CRPs that share the key run versions that fit.",
     kDoesNotCount, "ChallengeDeserializationError"},
    {"ChallengeExpired", 2, "The challenge's time is over.",
     "Issue a new challenge; if devices are often late, raise challengeTtlSeconds of the policy.",
     kDoesNotCount, "ChallengeExpired"},
    {"ChallengeInvalidTimestamp", 2,
     "The challenge's times make no sense: one is missing or unreadable, it ends before it begins, "
     "or it would last longer than 30 days.",
     "Check the times and the clock of the machine that made it and issue a new challenge.",
     kDoesNotCount, "ChallengeInvalidTimestamp"},
    {"ChallengeNotYetValid", 2,
     "The challenge begins later than now, by more than the clock tolerance.",
     "Synchronise the clocks of MDM and CRP, or raise validation.clock_tolerance.", kDoesNotCount,
     ""},
    {"ChallengeWrongAudience", 2, "The sealed challenge was made for another CRP.",
     "Set its audience to challenge.audience of this CRP, or send the device to the other one.",
     kDoesNotCount, ""},

    // ---- phase 3
    {"AadKeyIdentifierListMissing", 3,
     "The policy demands a registered key and no key is registered for the device.",
     "Have the MDM post the device with registeredKeys, or set requireRegisteredKey of the policy "
     "to false.",
     kDoesNotCount, "AadKeyIdentifierListMissing"},
    {"CertificateAuthorityRequested", 3,
     "The request asks for a certification authority (basicConstraints cA, or keyCertSign).",
     "Look at the device: no SCEP profile asks for this.", kCounts, ""},
    {"ChallengeIdTaken", 3,
     "The sealed challenge carries an ID that another challenge has, or that came before with "
     "other contents.",
     "Give each sealed challenge an ID of its own, e.g. a UUID.", kDoesNotCount, ""},
    {"ChallengeLocked", 3, "The challenge is locked after five refused requests.",
     "Find the reason of the earlier refusals in the transactions, then issue a new challenge.",
     kDoesNotCount, ""},
    {"ChallengeReplayed", 3,
     "The challenge was used before: by another request, or by this one and its certificate was "
     "delivered too long ago to be asked for again.",
     "If the device did not enrol twice by itself, treat it as an attack; else issue a new "
     "challenge.",
     kDoesNotCount, ""},
    {"ChallengeRevoked", 3, "The challenge was revoked before it was used.",
     "Issue a new challenge if the device is still to enrol.", kDoesNotCount, ""},
    {"ChallengeUnknown", 3, "No challenge of this value or ID is on record.",
     "Check that the device uses the newest challenge, all of it, and that the MDM posts to this "
     "CRP; after a pepper change keep the old file in pepper_files.",
     kDoesNotCount, ""},
    {"CriticalExtensionUnknown", 3,
     "The request asks for an extension that it marks critical and that no policy can grant.",
     "Remove the extension from the client's request.", kCounts, ""},
    {"DeviceNotEnrolled", 3, "The device's enrolment in the MDM is not finished.",
     "Wait for the MDM to report the device as enrolled; the challenge stays usable.",
     kDoesNotCount, ""},
    {"DeviceOwnerMismatch", 3,
     "The device belongs to another user than the one the challenge or certificate was made for.",
     "Issue a new challenge for the present owner, or have the MDM correct ownerUserId of the "
     "device.",
     kDoesNotCount, ""},
    {"DeviceRetired", 3, "The device was retired or wiped.",
     "None, if that is right; else enrol the device in the MDM again.", kDoesNotCount, ""},
    {"DeviceUnknown", 3, "The device is not on record.",
     "Have the MDM post the device before its challenge.", kDoesNotCount, ""},
    {"EnhancedKeyUsageMismatch", 3,
     "The request asks for an extended key usage that the record does not have.",
     "Make extendedKeyUsage of the policy and of the SCEP profile the same.", kCounts,
     "EnhancedKeyUsageMismatch"},
    {"EnhancedKeyUsageMissing", 3,
     "The request names its usages but lacks an extended key usage of the record.",
     "Make extendedKeyUsage of the policy and of the SCEP profile the same.", kCounts,
     "EnhancedKeyUsageMissing"},
    {"ExpectedContentsInvalid", 3,
     "What the policy and the challenge's overrides say, once expanded, is not a name or a "
     "certificate that can exist.",
     "Correct the part of the policy or challenge that the detail names.", kDoesNotCount, ""},
    {"HashAlgorithmNotPermitted", 3,
     "The request is signed with a hash that the policy does not list.",
     "Set the client to SHA-256, or add the hash to hashAlgorithms of the policy.", kCounts, ""},
    {"KeyLengthMismatch", 3, "The key is shorter than the policy demands.",
     "Raise the key size in the SCEP profile.", kCounts, "KeyLengthMismatch"},
    {"KeyReused", 3, "Another device has a certificate of the same key, or is about to get one.",
     "Make the device generate its own key; look for cloned images or a copied key.", kCounts, ""},
    {"KeyTypeMismatch", 3, "The key's algorithm is not the one of the policy.",
     "Make keyType of the policy and of the SCEP profile the same.", kCounts, ""},
    {"KeyUsageMismatch", 3, "The request's key usage is not the one of the record.",
     "Make keyUsage of the policy and of the SCEP profile the same.", kCounts, "KeyUsageMismatch"},
    {"PolicyUnknown", 3, "The policy that the challenge or certificate was made for is gone.",
     "Post the policy again, or issue a challenge for another one.", kDoesNotCount, ""},
    {"PolicyVersionMismatch", 3,
     "The policy was changed to another certificateRequestId after the challenge was made.",
     "Issue a new challenge under the policy as it is now.", kDoesNotCount, ""},
    {"RegisteredKeyMismatch", 3,
     "The policy demands a registered key and this one is not among the device's.",
     "If the device made a new key by right, have the MDM post it in registeredKeys; else look for "
     "another device that uses the challenge.",
     kCounts, "RegisteredKeyMismatch"},
    {"RenewalNotPermitted", 3,
     "More of the certificate's lifetime is left than the policy permits for a renewal, or the "
     "same renewal was delivered before.",
     "Renew later, or raise renewalThresholdPercent of the policy.", kDoesNotCount, ""},
    {"RenewalSignerExpired", 3, "The certificate that signed the renewal has expired.",
     "Enrol the device anew with a challenge.", kDoesNotCount, ""},
    {"RenewalSignerNotYetValid", 3,
     "The certificate that signed the renewal begins later than now, by more than the clock "
     "tolerance.",
     "Synchronise the clocks of issuing CA and CRP.", kDoesNotCount, ""},
    {"RenewalSignerRevoked", 3, "The certificate that signed the renewal is revoked.",
     "Enrol the device anew with a challenge if it is to be trusted again.", kDoesNotCount, ""},
    {"RenewalSignerUnknown", 3,
     "The certificate that signed the renewal is not one that was issued through this CRP.",
     "Enrol the device with a challenge.", kDoesNotCount, ""},
    {"RenewalSubjectMismatch", 3,
     "The renewal asks for another subject or other alternative names than the certificate it "
     "renews.",
     "Make the client renew with the names of its certificate; for new names enrol with a "
     "challenge.",
     kDoesNotCount, ""},
    {"ScepProfileNoLongerTargetedToTheClient", 3,
     "The policy is assigned neither to the user, nor to a group of the user, nor to the device.",
     "Assign the policy, or withdraw the profile from the device.", kDoesNotCount,
     "ScepProfileNoLongerTargetedToTheClient"},
    {"SecurityIdentifierMismatch", 3,
     "The request carries a security identifier (SID), as extension or as URI, that is not the "
     "user's on record.",
     "Look at the device: a foreign SID would let it log on as somebody else.", kCounts, ""},
    {"SubjectAltNameMismatch", 3,
     "The request's subject alternative names are not those of the record.",
     "Make subjectAltNames of the policy and of the SCEP profile the same.", kCounts,
     "SubjectAltNameMismatch"},
    {"SubjectAltNameMissing", 3,
     "The record has subject alternative names and the request has none.",
     "Make subjectAltNames of the policy and of the SCEP profile the same.", kCounts,
     "SubjectAltNameMissing"},
    {"SubjectNameMismatch", 3, "The request's subject is not the one of the record.",
     "Make subjectFormat of the policy and of the SCEP profile the same; the detail shows both.",
     kCounts, "SubjectNameMismatch"},
    {"SubjectNameMissing", 3, "The record has a subject and the request has none.",
     "Make subjectFormat of the policy and of the SCEP profile the same.", kCounts,
     "SubjectNameMissing"},
    {"TemplateMismatch", 3, "The request came in for another template than the policy's.",
     "Make the key usage of the SCEP profile fit the template that ndesd maps it to, or correct "
     "the policy's template.",
     kDoesNotCount, ""},
    {"UserDisabled", 3, "The user is disabled.", "None, if that is right; else enable the user.",
     kDoesNotCount, ""},
    {"UserUnknown", 3, "The user is not on record.",
     "Have the MDM post the user before the challenge.", kDoesNotCount, ""},
    {"VariableUnknown", 3, "The policy uses a {{Variable}} that does not exist.",
     "Correct the variable that the detail names; the README of crp-service/validation lists all.",
     kDoesNotCount, ""},
    {"VariableWithoutValue", 3,
     "The policy uses a {{Variable}} that has no value for this user or device.",
     "Have the MDM post the missing field of the user or device that the detail names.",
     kDoesNotCount, ""},
});

constexpr bool in_order() {
    return std::ranges::is_sorted(kReasons, [](const Reason& a, const Reason& b) {
        return a.phase != b.phase ? a.phase < b.phase : a.word < b.word;
    });
}
static_assert(in_order(), "reasons stand by phase and then by word");

}  // namespace

std::span<const Reason> all_reasons() { return kReasons; }

const Reason* find_reason(std::string_view word) {
    const auto found = std::ranges::find(kReasons, word, &Reason::word);
    return found == kReasons.end() ? nullptr : &*found;
}

}  // namespace ndes::crp
