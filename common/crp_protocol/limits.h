// Limits of the wire format, in octets. Both sides enforce them.
#pragma once

#include <cstddef>

namespace ndes::crp_protocol {

inline constexpr std::size_t kMaxId = 255;               // transaction, request, decision, template
inline constexpr std::size_t kMaxName = 1024;            // names and addresses of machines and CAs
inline constexpr std::size_t kMaxDer = 64 * 1024;        // a request or certificate, decoded
inline constexpr std::size_t kMaxDetail = 4096;          // text for the operator
inline constexpr std::size_t kMaxChallenge = 16 * 1024;  // a sealed challenge is a CMS message
inline constexpr std::size_t kMaxParams = 4096;          // Params of NDESGenerateChallenge
inline constexpr std::size_t kMaxMessage = 192 * 1024;   // one JSON text: two DERs in base64

}  // namespace ndes::crp_protocol
