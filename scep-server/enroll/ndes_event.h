// The events of the original by number and internal name, so that what an operator knows of NDES
// still finds the cause. Constants and one helper; any thread.
#pragma once

#include <source_location>
#include <string_view>

#include "common/logging/log.h"

namespace ndes::scep {

struct NdesEvent {
    int number = 0;  // 0: the original has no such event
    std::string_view name;
};

inline constexpr NdesEvent kNoEvent{};
inline constexpr NdesEvent kFailedToLoad{2, "EVENT_MSCEP_FAILED_TO_LOAD"};
inline constexpr NdesEvent kFailedRaCertificate{10, "EVENT_MSCEP_FAILED_RA_CERT"};
inline constexpr NdesEvent kNoOperation{11, "EVENT_MSCEP_NO_OPERATION"};
inline constexpr NdesEvent kNoMessage{12, "EVENT_MSCEP_NO_MESSAGE"};
inline constexpr NdesEvent kFailToSign{14, "EVENT_MSCEP_FAIL_TO_SIGN"};
inline constexpr NdesEvent kFailToConvert{15, "EVENT_MSCEP_FAIL_TO_CONVERT"};
inline constexpr NdesEvent kFailToDecode{16, "EVENT_MSCEP_FAIL_TO_DECODE"};
inline constexpr NdesEvent kFailToRetrieveInfo{17, "EVENT_MSCEP_FAIL_TO_RETRIEVE_INFO"};
inline constexpr NdesEvent kFailToDecrypt{18, "EVENT_MSCEP_FAIL_TO_DECRYPT_INNER"};
inline constexpr NdesEvent kFailToGetCertificate{19, "EVENT_MSCEP_FAIL_TO_GET_CERT_FROM_NUMBER"};
inline constexpr NdesEvent kFailCertificateRequest{23, "EVENT_MSCEP_FAIL_CERT_REQ"};
inline constexpr NdesEvent kFailToGetId{25, "EVENT_MSCEP_FAIL_TO_GET_ID"};
inline constexpr NdesEvent kNoPassword{28, "EVENT_MSCEP_NO_PASSWORD"};
inline constexpr NdesEvent kInvalidPassword{29, "EVENT_MSCEP_INVALID_PASSWORD"};
inline constexpr NdesEvent kFailSubmit{31, "EVENT_MSCEP_FAIL_SUBMIT"};
inline constexpr NdesEvent kAddId{33, "EVENT_MSCEP_ADD_ID"};
inline constexpr NdesEvent kRaExpired{34, "EVENT_SCEP_RA_EXPIRE"};
inline constexpr NdesEvent kRaCloseToExpire{35, "EVENT_SCEP_RA_CLOSE_TO_EXPIRE"};
inline constexpr NdesEvent kBadMessageType{38, "EVENT_MSCEP_BAD_MESSAGE_TYPE"};
inline constexpr NdesEvent kNoKeyUsage{39, "EVENT_MSCEP_NO_KEY_USAGE"};
inline constexpr NdesEvent kFailDecodeRequest{42, "EVENT_MSCEP_FAIL_DECODE_X509_REQUEST"};
inline constexpr NdesEvent kGetCrlFailed{44, "EVENT_MSCEP_GETCRL_FAILED"};

// Log::note with the event's number and name among the fields.
inline void note_event(Log& log, Severity severity, NdesEvent event, std::string_view text,
                       LogFields fields = {},
                       std::source_location where = std::source_location::current()) {
    if (event.number != 0) {
        fields.emplace_back("event", std::to_string(event.number));
        fields.emplace_back("event_name", std::string(event.name));
    }
    log.note(severity, text, fields, where);
}

}  // namespace ndes::scep
