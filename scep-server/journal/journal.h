// Journal: what ndesd must not forget: issued certificates by request, and Notify calls not yet
// acknowledged; with them pending requests, the password cache and our own CAs' serial numbers.
// Durable (SQLite, group commit) before a reply leaves. Any thread.
#pragma once

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
#include "scep-server/journal/journal_entries.h"
#include "scep-server/journal/notify_queue.h"
#include "scep-server/journal/password_cache.h"
#include "scep-server/journal/pending_requests.h"
#include "scep-server/journal/serial_ledger.h"

namespace ndes::scep {

class Journal {
  public:
    // Opens or, on the first start (an explicit `create`), creates. configuration when there is no
    // journal and none may be made, or when it is of a version not known here; else storage, also
    // when another process has it open.
    static Result<std::unique_ptr<Journal>> open(const std::filesystem::path& path, bool create,
                                                 const Clock& clock);
    virtual ~Journal() = default;

    // The newest certificate issued for that request.
    virtual Result<std::optional<IssuedEntry>> find_issued(const RequestKey& key) = 0;
    // By serial number, for GetCert; of this profile alone.
    virtual Result<std::optional<IssuedEntry>> find_serial(std::string_view profile,
                                                           std::string_view serial) = 0;
    // True if this leaf was issued by us and recorded here (renewal's signer).
    virtual Result<bool> has_certificate(std::string_view sha256) = 0;

    // Records certificate and Notify together, and ends the pending request if it was one.
    // conflict when the key is already there, with a certificate issued after `replaceable`.
    virtual Result<void> record_issued(const IssuedEntry& entry, const PendingNotify& notify,
                                       WallTime replaceable) = 0;
    // Records a Notify without a certificate (failure, pending).
    virtual Result<void> record_notify(const PendingNotify& notify) = 0;

    virtual NotifyQueue& notifies() = 0;     // lives as long as the journal
    virtual PendingRequests& pending() = 0;  // likewise
    virtual PasswordCache& passwords() = 0;  // likewise
    virtual SerialLedger& serials() = 0;     // likewise

    virtual bool healthy() const = 0;  // false after an I/O error: nothing more can be recorded
};

}  // namespace ndes::scep
