// PendingRequests: requests that a policy permitted and that wait for an operator or for the CA;
// part of the journal, so that they survive a restart. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/bytes.h"
#include "common/clock.h"
#include "common/error.h"
#include "scep-server/journal/journal_entries.h"

namespace ndes::scep {

// Fixed for ever: stored by number.
enum class PendingState {
    waiting = 1,  // for an operator
    issuing = 2,  // an operator said yes; the CA is being asked
    at_ca = 3,    // the CA holds it; asked again at each poll
    issued = 4,
    denied = 5,   // by an operator
    refused = 6,  // by the CA
    expired = 7,  // nobody decided within the refresh period
};
std::string_view to_string(PendingState state);

struct PendingRequest {
    std::int64_t id = 0;  // set by the journal
    RequestKey key;
    PendingState state = PendingState::waiting;
    std::string request_id;     // of the attempt that was verified
    std::string csr_sealed;     // never in clear: it holds the challenge
    Bytes signing_certificate;  // DER of the message's signer
    std::string signer_spki;    // hex SHA-256: who may poll
    std::string contents_json;  // what the certificate shall say
    std::string decision_id;    // of the policy
    std::string template_name;
    std::string subject;  // RFC 4514, for operators
    std::string device_address;
    std::string text;  // why it waits, or was refused
    WallTime created_at{};
    WallTime expires_at{};  // created_at + RefreshPeriod
};

class PendingRequests {
  public:
    virtual ~PendingRequests() = default;

    // Records a request together with its Notify(pending). conflict when one of that key waits.
    virtual Result<void> add(const PendingRequest& request, const PendingNotify& notify) = 0;

    // The newest of that key, in whatever state.
    virtual Result<std::optional<PendingRequest>> find(const RequestKey& key) = 0;
    // Likewise of that transaction, signed by that key (hex SHA-256 of its SPKI): transaction IDs
    // are the devices' choice, and two may choose the same.
    virtual Result<std::optional<PendingRequest>> find_transaction(
        std::string_view profile, std::string_view transaction_id,
        std::string_view signer_spki) = 0;
    virtual Result<std::optional<PendingRequest>> find_id(std::int64_t id) = 0;

    // Those still open (waiting, issuing, at_ca), oldest first; after `after` (an ID).
    virtual Result<std::vector<PendingRequest>> list(std::int64_t after, std::size_t limit) = 0;
    // Likewise those whose time has passed.
    virtual Result<std::vector<PendingRequest>> overdue(std::int64_t after, std::size_t limit) = 0;

    // From one state to another, together with a Notify if there is one; conflict when it is in
    // `from` no longer.
    virtual Result<void> move(std::int64_t id, PendingState from, PendingState to,
                              std::string_view text,
                              const std::optional<PendingNotify>& notify) = 0;

    // Forgets closed ones whose time has passed; how many.
    virtual Result<std::size_t> purge() = 0;
};

}  // namespace ndes::scep
