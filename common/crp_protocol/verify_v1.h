// The wire format of VerifyRequest, shared by the policy module (client) and crpd (server).
// Field names and meanings: schema/crp-v1.openapi.yaml; JSON is seen only in the .cpp. Value types.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/certificate_contents.h"
#include "common/error.h"

namespace ndes::crp_protocol {

inline constexpr std::string_view kVerifyPath =
    "/CMCertificateRegistration/Certificate/VerifyRequest";
inline constexpr std::string_view kBasePath = "/CMCertificateRegistration";
inline constexpr std::string_view kBasePathAlias = "/CertificateRegistrationSvc";

struct VerifyRequest {
    std::string transaction_id;  // SCEP transactionID, 1..255 octets
    std::string request_id;      // one per attempt by a device; the CRP de-duplicates on it
    Bytes certificate_request;   // PKCS#10, DER
    std::optional<Bytes> signing_certificate;  // renewal: the signer's certificate, DER
    std::string template_name;
    std::string ca_name;         // may be empty
    std::string device_address;  // may be empty
};

struct VerifyAnswer {
    bool verified = false;
    std::string reason;  // "Success" or a reason of the catalogue
    int phase = 0;       // 0..3: where it was decided
    std::string detail;  // for the operator, not for the device
    std::string transaction_id;
    std::string decision_id;
    std::optional<CertificateContents> certificate;  // present exactly when verified
};

std::string to_json(const VerifyRequest& request);
Result<VerifyRequest> verify_request_from_json(std::string_view text);

std::string to_json(const VerifyAnswer& answer);
// Strict: an answer is a yes only if it is complete, `verified` is exactly true, the reason is
// "Success", and it is for `transaction_id`. bad_request otherwise.
Result<VerifyAnswer> verify_answer_from_json(std::string_view text,
                                             std::string_view transaction_id);

}  // namespace ndes::crp_protocol
