// The events of the original by number, internal name and text, so that what an operator knows of
// NDES still finds the cause (white paper, "Error Events"). Constants and two helpers; any thread.
#pragma once

#include <source_location>
#include <span>
#include <string>
#include <string_view>

#include "common/logging/log.h"

namespace ndes::scep {

struct NdesEvent {
    int number = 0;  // 0: the original has no such event
    std::string_view name;
};

inline constexpr NdesEvent kNoEvent{};
inline constexpr NdesEvent kFailedToLoad{2, "EVENT_MSCEP_FAILED_TO_LOAD"};
inline constexpr NdesEvent kFailedToUnload{4, "EVENT_MSCEP_FAILED_TO_UNLOAD"};
inline constexpr NdesEvent kNoPasswordTemplate{6, "EVENT_MSCEP_NO_PASSWORD_TEMPLATE"};
inline constexpr NdesEvent kGetCaCertificateFailed{7, "EVENT_MSCEP_GET_CA_CERT_FAILED"};
inline constexpr NdesEvent kFailedCaInfo{8, "EVENT_MSCEP_FAILED_CA_INFO"};
inline constexpr NdesEvent kFailedCaCertificate{9, "EVENT_MSCEP_FAILED_CA_CERT"};
inline constexpr NdesEvent kFailedRaCertificate{10, "EVENT_MSCEP_FAILED_RA_CERT"};
inline constexpr NdesEvent kNoOperation{11, "EVENT_MSCEP_NO_OPERATION"};
inline constexpr NdesEvent kNoMessage{12, "EVENT_MSCEP_NO_MESSAGE"};
inline constexpr NdesEvent kFailToEncrypt{13, "EVENT_MSCEP_FAIL_TO_ENCRYPT"};
inline constexpr NdesEvent kFailToSign{14, "EVENT_MSCEP_FAIL_TO_SIGN"};
inline constexpr NdesEvent kFailToConvert{15, "EVENT_MSCEP_FAIL_TO_CONVERT"};
inline constexpr NdesEvent kFailToDecode{16, "EVENT_MSCEP_FAIL_TO_DECODE"};
inline constexpr NdesEvent kFailToRetrieveInfo{17, "EVENT_MSCEP_FAIL_TO_RETRIEVE_INFO"};
inline constexpr NdesEvent kFailToDecrypt{18, "EVENT_MSCEP_FAIL_TO_DECRYPT_INNER"};
inline constexpr NdesEvent kFailToGetCertificate{19, "EVENT_MSCEP_FAIL_TO_GET_CERT_FROM_NUMBER"};
inline constexpr NdesEvent kFailCertificateRequest{23, "EVENT_MSCEP_FAIL_CERT_REQ"};
inline constexpr NdesEvent kFailNameNumber{24, "EVENT_MSCEP_FAIL_NAME_NUMBER_FROM_MESSAGE"};
inline constexpr NdesEvent kFailToGetId{25, "EVENT_MSCEP_FAIL_TO_GET_ID"};
inline constexpr NdesEvent kFailQueryCa{26, "EVENT_MSCEP_FAIL_QUERY_CA"};
inline constexpr NdesEvent kNoPassword{28, "EVENT_MSCEP_NO_PASSWORD"};
inline constexpr NdesEvent kInvalidPassword{29, "EVENT_MSCEP_INVALID_PASSWORD"};
inline constexpr NdesEvent kFailAddAlternative{30, "EVENT_MSCEP_FAIL_ADD_ALT"};
inline constexpr NdesEvent kFailSubmit{31, "EVENT_MSCEP_FAIL_SUBMIT"};
inline constexpr NdesEvent kGetRequestId{32, "EVENT_MSCEP_GET_REQUEST_ID"};
inline constexpr NdesEvent kAddId{33, "EVENT_MSCEP_ADD_ID"};
inline constexpr NdesEvent kRaExpired{34, "EVENT_SCEP_RA_EXPIRE"};
inline constexpr NdesEvent kRaCloseToExpire{35, "EVENT_SCEP_RA_CLOSE_TO_EXPIRE"};
inline constexpr NdesEvent kServerSupport{36, "EVENT_SCEP_SERVER_SUPPORT"};
inline constexpr NdesEvent kWriteData{37, "EVENT_SCEP_WRITE_DATA"};
inline constexpr NdesEvent kBadMessageType{38, "EVENT_MSCEP_BAD_MESSAGE_TYPE"};
inline constexpr NdesEvent kNoKeyUsage{39, "EVENT_MSCEP_NO_KEY_USAGE"};
inline constexpr NdesEvent kNoPasswordStandalone{41, "EVENT_MSCEP_NO_PASSWORD_STANDALONE"};
inline constexpr NdesEvent kFailDecodeRequest{42, "EVENT_MSCEP_FAIL_DECODE_X509_REQUEST"};
inline constexpr NdesEvent kInvalidUsage{43, "EVENT_MSCEP_INVALID_USAGE_FOR_PASSWORD"};
inline constexpr NdesEvent kGetCrlFailed{44, "EVENT_MSCEP_GETCRL_FAILED"};
inline constexpr NdesEvent kNoMatch{45, "EVENT_MSCEP_NOMATCH_ISSUERNAME_SERIALNUMBER"};
inline constexpr NdesEvent kFailedHash{46, "EVENT_MSCEP_FAILED_HASH_ALGORITHM"};
inline constexpr NdesEvent kFailedDecryptPassword{49, "EVENT_MSCEP_FAILED_DECRYPT_PASSWORD"};
inline constexpr NdesEvent kUnableToSetKey{51, "EVENT_MSCEP_UNABLE_TO_CREATEORSET_REGKEY"};

// All of them, ascending.
std::span<const NdesEvent> all_events();

// The event's text with its placeholders filled from `fields`: %ErrorCode from "error_code"
// (0x80004005 without), %ErrorMessage and %ErrorString from "cause" and "detail", %KeyUsage from
// "key_usage", %KeyID from "key_id", %ConfigString from "ca", %RegistryLocation, %1 and %2 from
// "setting". "" for kNoEvent.
std::string event_text(NdesEvent event, const LogFields& fields);

// Log::note of `text`, our own words, with the event's number, name and text among the fields
// ("event", "event_name", "event_text"); an EventLog puts it into the event file too.
void note_event(Log& log, Severity severity, NdesEvent event, std::string_view text,
                LogFields fields = {},
                std::source_location where = std::source_location::current());

}  // namespace ndes::scep
