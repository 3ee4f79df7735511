// Journal: what ndesd must not forget: issued certificates by request, and Notify calls not yet
// acknowledged. Durable (SQLite, group commit) before a reply leaves. Any thread.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/error.h"

namespace ndes::scep {

// What makes a request the same request: an identical re-posted one is answered again
// (RFC 8894 section 7.4; NDES' CacheRequest).
struct RequestKey {
    std::string transaction_id;
    std::string csr_sha256;      // hex
    std::string signing_sha256;  // renewal: SHA-256 of the signing certificate; else empty
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
};

struct IssuedEntry {
    RequestKey key;
    std::string decision_id;
    std::vector<Bytes> certificates;  // leaf first
    WallTime issued_at{};
};

class Journal {
  public:
    // Opens or, on the first start (an explicit `create`), creates. configuration when there is no
    // journal and none may be made, or when it is of a version not known here; else storage, also
    // when another process has it open.
    static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& path, bool create,
                                                 const Clock& clock);
    virtual ~Journal() = default;

    virtual Result<std::optional<IssuedEntry>> find_issued(const RequestKey& key) = 0;
    // True if this leaf was issued by us and recorded here (renewal's signer).
    virtual Result<bool> has_certificate(std::string_view sha256) = 0;

    // Records certificate and Notify together. conflict when the key is already there.
    virtual Result<void> record_issued(const IssuedEntry& entry, const PendingNotify& notify) = 0;
    // Records a Notify without a certificate (failure, pending).
    virtual Result<void> record_notify(const PendingNotify& notify) = 0;

    // Those due now, the longest due first, at most one per transaction: its oldest, which holds
    // back its later ones until it is acknowledged.
    virtual Result<std::vector<PendingNotify>> pending_notifies(std::size_t limit) = 0;
    virtual Result<std::size_t> pending_notify_count() = 0;  // due or not, for health
    virtual Result<void> notify_acknowledged(std::int64_t id) = 0;
    virtual Result<void> notify_failed(std::int64_t id, WallTime next_attempt) = 0;

    virtual bool healthy() const = 0;  // false after an I/O error: nothing more can be recorded
};

}  // namespace ndes::scep
