// SerialLedger: the books of a CA whose key is ours: each serial number before it is signed, the
// certificate's hash after, what is revoked, and the number of the last CRL; part of the journal,
// durable before a function returns. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "scep-server/journal/revocation_reason.h"

namespace ndes::scep {

// Fixed for ever: stored by number.
enum class SerialState {
    intended = 1,     // may have been signed: whoever chose it has not come back
    signed_only = 2,  // a certificate exists; it was not recorded as issued, so nobody was given it
    issued = 3,
    failed = 4,   // the key would not sign: there is no certificate
    foreign = 5,  // not signed by way of this ledger; entered to be revoked
};
std::string_view to_string(SerialState state);

struct Revocation {
    WallTime at{};
    RevocationReason reason = RevocationReason::unspecified;
    std::string by;  // the operator; empty when it was found in a CRL
};

struct SerialEntry {
    std::int64_t id = 0;  // set by the ledger
    std::string ca;       // hex SHA-256 of the CA's SubjectPublicKeyInfo
    std::string serial;   // as Certificate::serial()
    SerialState state = SerialState::intended;
    std::string transaction_id;
    std::string csr_sha256;          // hex
    std::string certificate_sha256;  // hex; empty until it is signed
    std::string subject;
    WallTime intended_at{};
    std::optional<WallTime> not_after;  // nothing: not known
    std::optional<Revocation> revocation;
};

class SerialLedger {
  public:
    virtual ~SerialLedger() = default;

    // Enters a serial number in the state it has there; before it is signed as `intended`.
    // conflict when this CA has used it before, with whatever outcome.
    virtual Result<void> enter(const SerialEntry& entry) = 0;
    // What became of an intended one. conflict when it is not intended.
    virtual Result<void> record_signed(std::string_view ca, std::string_view serial,
                                       std::string_view certificate_sha256) = 0;
    virtual Result<void> record_failed(std::string_view ca, std::string_view serial) = 0;

    virtual Result<std::optional<SerialEntry>> find(std::string_view ca,
                                                    std::string_view serial) = 0;
    // Of all CAs, after that ID, oldest first.
    virtual Result<std::vector<SerialEntry>> list(std::int64_t after, std::size_t limit) = 0;
    // Intended or signed, and neither issued nor revoked since, oldest first.
    virtual Result<std::vector<SerialEntry>> unsettled(std::string_view ca, std::size_t limit) = 0;

    // not_found; conflict when it is revoked already, except from certificateHold to another
    // reason.
    virtual Result<void> revoke(std::string_view ca, std::string_view serial,
                                const Revocation& revocation) = 0;
    // Takes certificateHold back. not_found; conflict when it is not held.
    virtual Result<void> release(std::string_view ca, std::string_view serial) = 0;
    // What is revoked now and had not expired at `since`, in the order of the serials' entry.
    virtual Result<std::vector<SerialEntry>> revoked(std::string_view ca, WallTime since) = 0;

    // A number that no CRL of this CA had, greater than all before and than `above`.
    virtual Result<std::int64_t> next_crl_number(std::string_view ca, std::int64_t above) = 0;
    // The last of them; 0 when there was none.
    virtual Result<std::int64_t> last_crl_number(std::string_view ca) = 0;
};

}  // namespace ndes::scep
