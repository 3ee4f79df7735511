// RevocationDesk: what operators do with certificates of a CA whose key is ours: look, revoke; and
// the CRLs that come of it, made anew after each revocation and in time before they run out.
// Knows no HTTP. start() in one thread, before the rest; then any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/logging/log.h"
#include "scep-server/issuer/crl_builder.h"
#include "scep-server/issuer/issuer.h"
#include "scep-server/journal/journal.h"

namespace ndes::scep {

// A CA whose key is here. The issuer outlives the desk.
struct CrlTarget {
    std::string profile;
    const Issuer* issuer;
    std::filesystem::path file;            // PEM; replaced whole. Empty: no CRL is made here
    std::chrono::milliseconds lifetime{};  // from thisUpdate to nextUpdate
};

// What became of a revocation.
struct RevocationOutcome {
    SerialEntry entry;
    // Nothing: it is revoked and no CRL says so yet; the log has the cause, and the next look at
    // the time tries again.
    std::optional<std::int64_t> crl_number;
};

class RevocationDesk {
  public:
    // The references outlive the desk.
    RevocationDesk(Journal& journal, Log& log, const Clock& clock)
        : journal_(journal), log_(log), clock_(clock) {}

    // Takes over what the files' CRLs revoke and the journal does not, but for holds that the
    // journal has released; notes each CA's serial numbers of which nobody knows whether they were
    // signed, and makes each CRL. Profiles with one file share it. configuration when the file is
    // another CA's or cannot be read or written.
    Result<void> start(const std::vector<CrlTarget>& targets);

    // Serial numbers of all our CAs after that ID, oldest first.
    Result<std::vector<SerialEntry>> list(std::int64_t after, std::size_t limit);

    // `serial`: hex as Certificate::serial(). not_found; conflict when it is revoked already, or no
    // CA here makes a CRL. `who` is the operator.
    Result<RevocationOutcome> revoke(const std::string& serial, RevocationReason reason,
                                     const std::string& who);
    // Takes certificateHold back. not_found; conflict when it is not on hold.
    Result<RevocationOutcome> release(const std::string& serial, const std::string& who);

    // The CRL in force of that profile's CA, DER. not_found when none is made for it.
    Result<Bytes> crl(const std::string& profile) const;

    // Makes the CRLs whose time has come, and those that failed; from time to time.
    void tend();

  private:
    struct Authority {
        CrlTarget target;
        std::vector<std::string> profiles;  // all that share the file
        std::string ca;                     // as SerialEntry::ca
        WallTime due{};                     // when the next CRL is to be made
    };

    Result<void> add(const CrlTarget& target);
    Result<void> adopt(Authority& authority, std::int64_t& number);
    Result<void> take_over(const Authority& authority, const CrlEntry& revoked,
                           bool journal_is_newer);
    void tell_unsettled(const std::vector<CrlTarget>& targets) const;
    void tell_unsettled_of(const std::string& ca) const;
    Result<SerialEntry> find(const std::string& serial);
    Result<std::optional<SerialEntry>> find_issued(const Authority& authority,
                                                   const std::string& serial);
    RevocationOutcome finish(SerialEntry entry, const char* what, const std::string& who);
    Result<std::int64_t> publish(Authority& authority, std::int64_t above);

    Journal& journal_;
    Log& log_;
    const Clock& clock_;
    // Held while a CRL is made and written, so that no older one replaces a newer; guards `due`.
    std::mutex publishing_;
    std::vector<Authority> authorities_;
};

}  // namespace ndes::scep
