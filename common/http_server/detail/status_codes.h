// The HTTP status codes that the server itself answers with (RFC 9110 section 15).
#pragma once

namespace ndes::http {

inline constexpr int kNoContent = 204;
inline constexpr int kNotModified = 304;
inline constexpr int kBadRequest = 400;
inline constexpr int kMethodNotAllowed = 405;
inline constexpr int kRequestTimeout = 408;
inline constexpr int kBodyTooLarge = 413;
inline constexpr int kTargetTooLong = 414;
inline constexpr int kExpectationFailed = 417;
inline constexpr int kHeaderTooLarge = 431;  // RFC 6585 section 5
inline constexpr int kInternalError = 500;
inline constexpr int kNotImplemented = 501;
inline constexpr int kUnavailable = 503;
inline constexpr int kVersionNotSupported = 505;

}  // namespace ndes::http
