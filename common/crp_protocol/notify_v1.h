// The wire format of Notify, shared by the policy module (client) and crpd (server). The answer
// is 204 without a body. JSON is seen only in the .cpp. Value types.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/bytes.h"
#include "common/error.h"

namespace ndes::crp_protocol {

inline constexpr std::string_view kNotifyPath = "/CMCertificateRegistration/Certificate/Notify";

// X509SCEPDisposition (certenroll.h).
enum class Disposition : std::int32_t {
    unknown = -1,
    success = 0,
    failure = 2,
    pending = 3,
    pending_challenge = 11,
};

struct NotifyRequest {
    std::string transaction_id;
    std::string request_id;                // that of the VerifyRequest it reports on
    std::optional<std::string> challenge;  // absent for a renewal
    Disposition disposition = Disposition::unknown;
    std::int32_t hresult = 0;          // 0 on success
    std::optional<Bytes> certificate;  // DER; present exactly on success
};

std::string to_json(const NotifyRequest& request);
Result<NotifyRequest> notify_request_from_json(std::string_view text);

}  // namespace ndes::crp_protocol
