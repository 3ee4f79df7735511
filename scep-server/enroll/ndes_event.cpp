#include "scep-server/enroll/ndes_event.h"

#include <algorithm>
#include <array>
#include <utility>

namespace ndes::scep {
namespace {

constexpr std::string_view kUnspecified = "0x80004005";  // E_FAIL

constexpr std::array kEvents{kFailedToLoad,
                             kFailedToUnload,
                             kNoPasswordTemplate,
                             kGetCaCertificateFailed,
                             kFailedCaInfo,
                             kFailedCaCertificate,
                             kFailedRaCertificate,
                             kNoOperation,
                             kNoMessage,
                             kFailToEncrypt,
                             kFailToSign,
                             kFailToConvert,
                             kFailToDecode,
                             kFailToRetrieveInfo,
                             kFailToDecrypt,
                             kFailToGetCertificate,
                             kFailCertificateRequest,
                             kFailNameNumber,
                             kFailToGetId,
                             kFailQueryCa,
                             kNoPassword,
                             kInvalidPassword,
                             kFailAddAlternative,
                             kFailSubmit,
                             kGetRequestId,
                             kAddId,
                             kRaExpired,
                             kRaCloseToExpire,
                             kServerSupport,
                             kWriteData,
                             kBadMessageType,
                             kNoKeyUsage,
                             kNoPasswordStandalone,
                             kFailDecodeRequest,
                             kInvalidUsage,
                             kGetCrlFailed,
                             kNoMatch,
                             kFailedHash,
                             kFailedDecryptPassword,
                             kUnableToSetKey};

struct Wording {
    int number;
    std::string_view text;
};

constexpr std::array kWordings{
    Wording{2,
            "The Network Device Enrollment Service cannot be started (%ErrorCode). "
            "%ErrorMessage"},
    Wording{4,
            "The Network Device Enrollment Service cannot be stopped (%ErrorCode). "
            "%ErrorMessage"},
    Wording{6,
            "The Network Device Enrollment Service cannot provide its password because the "
            "user does not have Enroll permissions on the configured certificate template, "
            "or the certification authority is not enabled to issue certificates based on "
            "the configured certificate template."},
    Wording{7,
            "The Network Device Enrollment Service failed to return the certification "
            "authority certificate to the caller (%ErrorCode). %ErrorMessage"},
    Wording{8,
            "The Network Device Enrollment Service cannot retrieve information about the "
            "Certification Authority (%ErrorCode). %ErrorMessage"},
    Wording{9,
            "The Network Device Enrollment Service cannot retrieve the certification "
            "authority certificate (%ErrorCode). %ErrorMessage"},
    Wording{10,
            "The Network Device Enrollment Service cannot retrieve one of its required "
            "certificates (%ErrorCode). %ErrorMessage"},
    Wording{11,
            "The Network Device Enrollment Service received an http message without the "
            "\"Operation\" tag or with an invalid \"Operation\" tag."},
    Wording{12,
            "The Network Device Enrollment Service received an http message without the "
            "\"Message\" tag."},
    Wording{13,
            "The Network Device Enrollment Service cannot encrypt the response to a client "
            "request (%ErrorCode). %ErrorMessage"},
    Wording{14,
            "The Network Device Enrollment Service cannot sign the response to a client "
            "request (%ErrorCode). %ErrorMessage"},
    Wording{15,
            "The Network Device Enrollment Service cannot convert encoded portions of the "
            "client's http message, or the converted message is larger than 64K "
            "(%ErrorCode). %ErrorMessage"},
    Wording{16,
            "The Network Device Enrollment Service cannot decode the http message from the "
            "client (%ErrorCode). %ErrorMessage"},
    Wording{17,
            "The Network Device Enrollment Service cannot retrieve required information, "
            "such as the transaction ID, message type, or signing certificate, from the "
            "client's PKCS7 message (%ErrorCode). %ErrorMessage"},
    Wording{18,
            "The Network Device Enrollment Service cannot decrypt the client's PKCS7 "
            "message (%ErrorCode). %ErrorMessage"},
    Wording{19,
            "The Network Device Enrollment Service failed trying to retrieve a certificate "
            "from the CA. Verify that the CA service is running. Use the Certification "
            "Authority MMC to verify that the Network Device Enrollment Service account has "
            "Read permissions on the CA service. Verify that the serial number specified in "
            "the GETCERT request is correct, and that the CA service has successfully "
            "created a certificate with the specified serial number (%ErrorCode). "
            "%ErrorMessage"},
    Wording{23,
            "The Network Device Enrollment Service cannot complete the PKCS7 request. "
            "(%ErrorCode). %ErrorMessage"},
    Wording{24,
            "The Network Device Enrollment Service cannot find the issuer name or serial "
            "number in the client's PKCS7 message. (%ErrorCode). %ErrorMessage"},
    Wording{25,
            "The Network Device Enrollment Service cannot locate a valid certificate "
            "request ID that matches the transaction ID in the client's PKCS7 message. "
            "(%ErrorCode). %ErrorMessage"},
    Wording{26,
            "The Network Device Enrollment Service was not able to query the Certification "
            "Authority (CA) for a previously submitted device certificate request. Verify "
            "that the CA service is running and that the Network Device Enrollment Service "
            "account has Read permissions on the CA service. Use the Certification "
            "Authority MMC to verify the permissions on the CA service. The error returned "
            "was (%ErrorCode). %ErrorMessage"},
    Wording{28,
            "The Network Device Enrollment Service cannot locate a required password in the "
            "certificate request. Either a password must be present in the certificate "
            "request or the certificate request should be signed with a valid signing "
            "certificate. The signing certificate must chain up to a trusted root in the "
            "Enterprise store. The signing certificate and the certificate request must "
            "have the same subject name or subject alternate name."},
    Wording{29,
            "The password in the certificate request cannot be verified. It may have been "
            "used already. Obtain a new password to submit with this request."},
    Wording{30,
            "The Network Device Enrollment Service cannot add an alternative subject name "
            "extension to the certificate request (%ErrorCode). %ErrorMessage"},
    Wording{31,
            "The Network Device Enrollment Service cannot submit the certificate request "
            "(%ErrorCode). %ErrorMessage"},
    Wording{32,
            "The Network Device Enrollment Service cannot retrieve the certificate "
            "identified by this request ID (%ErrorCode). %ErrorMessage"},
    Wording{33,
            "The Network Device Enrollment Service failed to cache this certificate ID and "
            "transaction ID (%ErrorCode). %ErrorMessage"},
    Wording{34,
            "At least one of the certificates for the Network Device Enrollment Service has "
            "expired. Verify that both the encryption and signing certificates are valid "
            "and restart the service."},
    Wording{35,
            "At least one of the certificates for the Network Device Enrollment Service "
            "will expire soon. Check the validity period for both the encryption and "
            "signing certificates. Renew any certificates that are nearing the end of their "
            "validity period and restart the service."},
    Wording{36,
            "The Network Device Enrollment Service failed while attempting to write the "
            "header portion of an http response (%ErrorCode). %ErrorMessage"},
    Wording{37,
            "The Network Device Enrollment Service failed while attempting to write the "
            "data portion of an http response (%ErrorCode). %ErrorMessage"},
    Wording{38,
            "The Network Device Enrollment Service detected an invalid message type in the "
            "client's PKCS7 message."},
    Wording{39,
            "The Network Device Enrollment Service cannot find key usage information in the "
            "certificate request and will use both the Signature and Exchange key usages."},
    Wording{41,
            "The Network Device Enrollment Service cannot issue a password because the "
            "requester is not an administrator on the Certification Authority."},
    Wording{42,
            "The Network Device Enrollment Service cannot decode an X509 certificate "
            "request."},
    Wording{43,
            "This password has already been used to request a (%KeyUsage) certificate. Only "
            "one signing certificate and one exchange certificate can be issued per "
            "password. Obtain a new password to use with this request, or create a new "
            "request with a different key usage and the same password, and then try again."},
    Wording{44,
            "The Network Device Enrollment Service cannot obtain the CRL for key (%KeyID) "
            "from the Certification Authority. Verify that the CA service is running, the "
            "Network Device Enrollment Service account has Read permissions on the CA "
            "service, and the CA service has successfully created the latest CRL. Use the "
            "Certification Authority MMC to verify the permissions on the CA service. Use "
            "the command Certutil -config \"%ConfigString\" -cainfo crl %KeyID to verify "
            "that the CA service has created the latest CRL. The error returned was "
            "(%ErrorCode). %ErrorString"},
    Wording{45,
            "The Network Device Enrollment Service cannot match the issuer name and serial "
            "number in the device request to any CA certificate. Verify that the device "
            "request contains the correct CA certificate information, and then resubmit the "
            "request."},
    Wording{46,
            "The Network Device Enrollment Service failed to load the hash algorithm "
            "specified at location %RegistryLocation. Use the command \"certutil -v "
            "-csplist\" to verify that the computer on which the Network Device Enrollment "
            "Service is installed supports the hash algorithm specified. Near the end of "
            "the command output, look for the section labeled \"Hash Algorithms\". If the "
            "algorithm specified in the registry is not listed, configure a different hash "
            "algorithm in the registry. The error returned was (%ErrorCode). %ErrorMessage"},
    Wording{49,
            "The Network Device Enrollment Service has failed to decrypt the encrypted "
            "password or the decrypted password's length doesn't match the one configured "
            "in the registry. To fix this, delete the EncryptedPassword entry in the "
            "registry."},
    Wording{51,
            "The Network Device Enrollment Service cannot create or modify the registry key "
            "\"%1\"; Grant Read and Write permissions on the registry key \"%2\"; to the "
            "account that the Network Device Enrollment Service is running as."}};

std::string message_of(const LogFields& fields) {
    std::string message(field_of(fields, "cause"));
    const std::string_view detail = field_of(fields, "detail");
    if (!message.empty() && !detail.empty()) message += ": ";
    return message.append(detail);
}

std::string code_of(const LogFields& fields) {
    std::string code(field_of(fields, "error_code"));
    return code.empty() ? std::string(kUnspecified) : code;
}

// One pass from left to right: what is put in is never looked at again.
std::string fill(std::string_view text,
                 const std::vector<std::pair<std::string_view, std::string>>& values) {
    std::string filled;
    while (!text.empty()) {
        const auto known = std::ranges::find_if(
            values, [&](const auto& entry) { return text.starts_with(entry.first); });
        if (known == values.end()) {
            filled += text.front();
            text.remove_prefix(1);
        } else {
            filled += known->second;
            text.remove_prefix(known->first.size());
        }
    }
    return filled;
}

}  // namespace

std::span<const NdesEvent> all_events() { return kEvents; }

std::string event_text(NdesEvent event, const LogFields& fields) {
    const auto* const found = std::ranges::find(kWordings, event.number, &Wording::number);
    if (found == kWordings.end()) return {};
    const std::string setting(field_of(fields, "setting"));
    return fill(found->text, {{"%ErrorCode", code_of(fields)},
                              {"%ErrorMessage", message_of(fields)},
                              {"%ErrorString", message_of(fields)},
                              {"%KeyUsage", std::string(field_of(fields, "key_usage"))},
                              {"%KeyID", std::string(field_of(fields, "key_id"))},
                              {"%ConfigString", std::string(field_of(fields, "ca"))},
                              {"%RegistryLocation", setting},
                              {"%1", setting},
                              {"%2", setting}});
}

void note_event(Log& log, Severity severity, NdesEvent event, std::string_view text,
                LogFields fields, std::source_location where) {
    if (event.number != 0) {
        std::string wording = event_text(event, fields);
        fields.emplace_back("event", std::to_string(event.number));
        fields.emplace_back("event_name", std::string(event.name));
        fields.emplace_back("event_text", std::move(wording));
    }
    log.note(severity, text, fields, where);
}

}  // namespace ndes::scep
