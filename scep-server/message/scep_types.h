// SCEP's numbers as enums, with the section of RFC 8894 that defines each. Constants; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace ndes::scep {

// Octets of a message; what is larger is refused before anything is read. As NDES.
inline constexpr std::size_t kMaxMessage = std::size_t{64} * 1024;

// messageType, section 3.2.1.2. Every other value is refused.
enum class MessageType {
    cert_rep = 3,
    renewal_req = 17,
    pkcs_req = 19,
    cert_poll = 20,
    get_cert = 21,
    get_crl = 22,
};
std::string_view to_string(MessageType type);  // "PKCSReq", …

// pkiStatus, section 3.2.1.3.
enum class PkiStatus { success = 0, failure = 2, pending = 3 };

// failInfo, section 3.2.1.4.
enum class FailInfo {
    bad_alg = 0,            // unrecognised or unsupported algorithm
    bad_message_check = 1,  // integrity check failed (signature, decryption)
    bad_request = 2,        // transaction not permitted or supported
    bad_time = 3,           // signingTime too far from our clock
    bad_cert_id = 4,        // no certificate could be identified
};
std::string_view to_string(FailInfo info);

// The attributes of section 3.2.1 and, for failInfoText, section 3.2.1.5.
inline constexpr const char* kOidMessageType = "2.16.840.1.113733.1.9.2";
inline constexpr const char* kOidPkiStatus = "2.16.840.1.113733.1.9.3";
inline constexpr const char* kOidFailInfo = "2.16.840.1.113733.1.9.4";
inline constexpr const char* kOidSenderNonce = "2.16.840.1.113733.1.9.5";
inline constexpr const char* kOidRecipientNonce = "2.16.840.1.113733.1.9.6";
inline constexpr const char* kOidTransactionId = "2.16.840.1.113733.1.9.7";
inline constexpr const char* kOidFailInfoText = "1.3.6.1.5.5.7.24.1";

}  // namespace ndes::scep
