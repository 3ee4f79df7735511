// What the journal keeps: value types, without how.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/bytes.h"
#include "common/clock.h"

namespace ndes::scep {

// What makes a request the same request: an identical re-posted one is answered again
// (RFC 8894 section 7.4; NDES' CacheRequest).
struct RequestKey {
    std::string transaction_id;
    std::string csr_sha256;      // hex
    std::string signing_sha256;  // renewal: SHA-256 of the signing certificate; else empty
    std::string profile = {};    // the SCEP URL it came to; empty: the first
    auto operator<=>(const RequestKey&) const = default;
};

// A Notify that the policy module has to be told, at least once.
struct PendingNotify {
    std::int64_t id = 0;  // set by the journal; delivered in this order per transaction
    std::string transaction_id;
    std::string request_id;
    std::string challenge_sealed;  // never in clear: encrypted by the caller; empty for renewals
    std::int32_t disposition = -1;
    std::int32_t last_result = 0;
    Bytes certificate;  // DER; empty unless disposition is success
    int attempts = 0;
    std::string profile = {};  // whose policy is told
};

struct IssuedEntry {
    RequestKey key;
    std::string decision_id;
    std::vector<Bytes> certificates;  // leaf first
    WallTime issued_at{};
    std::string serial = {};                      // of the leaf, as Certificate::serial()
    std::optional<std::int64_t> pending_id = {};  // the pending request that this ends
};

}  // namespace ndes::scep
