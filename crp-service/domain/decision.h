// What the CRP decided and what became of it: decisions, certificates, state messages, audit.
// Plain values; no JSON, SQL or HTTP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/certificate_contents.h"
#include "common/clock.h"

namespace ndes::crp {

struct RuleOutcome {
    std::string rule;
    int phase = 0;
    bool passed = false;
    std::string reason;  // "Success" or the refusal's reason
};

// What one request asked and was told. Its identity is (transaction_id, csr_sha256,
// signing_sha256): the same again is the same question.
struct Decision {
    std::string id;  // UUID
    std::string transaction_id;
    std::string request_id;
    std::string csr_sha256;
    std::string spki_sha256;
    std::string signing_sha256;  // renewal: SHA-256 of the signing certificate; else empty
    std::string caller;          // name of the ndes caller
    std::string device_address;
    std::string template_name;
    std::string challenge_id;  // empty for renewals and when none was readable
    std::string device_id;     // empty until known
    std::string user_id;
    std::string policy_id;
    bool verified = false;
    std::string reason;
    int phase = 0;
    std::string detail;
    std::optional<CertificateContents> contents;  // when verified
    std::vector<RuleOutcome> outcomes;
    WallTime decided_at{};
    std::string owner;  // of the challenge or renewed certificate; for owner-scoped reads

    bool is_renewal() const { return !signing_sha256.empty(); }
};

// Where a transaction stands, as shown by the API. Derived from its decision and Notify.
enum class TransactionState {
    refused,
    verified,  // a yes, no Notify yet
    issued,
    failed,
    pending,
    unconfirmed,  // a yes, and no Notify within the time allowed
};
const char* to_string(TransactionState state);
bool from_string(const std::string& text, TransactionState& state);

struct Transaction {
    Decision decision;
    TransactionState state = TransactionState::refused;
    std::string certificate_sha256;  // once issued
    std::int32_t hresult = 0;
    std::optional<WallTime> notified_at;
};

struct IssuedCertificate {
    std::string sha256;  // hex; the key
    std::string serial;  // hex
    std::string issuer;  // RFC 4514 text
    std::string subject;
    std::string spki_sha256;
    WallTime not_before{};
    WallTime not_after{};
    std::string decision_id;
    std::string transaction_id;
    std::string challenge_id;  // empty for a renewal
    std::string device_id;
    std::string user_id;
    std::string policy_id;
    std::string renews;  // SHA-256 of the certificate it renews; else empty
    bool revoked = false;
    WallTime recorded_at{};
    std::string owner;
    std::optional<WallTime> revoked_at = {};
    std::string revocation_reason = {};  // a word of RFC 5280 section 5.3.1, e.g. "keyCompromise"
    std::string sha1 = {};  // hex; names it in state messages; "": recorded before this was kept
};

// Who holds a key: a certificate of it, or a yes whose certificate is on its way.
struct KeyHolder {
    std::string device_id;
    std::string transaction_id;
    std::string certificate_sha256;  // empty: not issued yet
};

// State IDs of topic type 5001 (STATE_TOPICTYPE_CERTIFICATE_CRP) that the CRP writes.
enum class StateId {
    challenge_validation_succeeded = 5,
    challenge_validation_failed = 6,
    issue_failed = 7,
    issue_pending = 8,
    issued = 9,
    revoked = 14,
    renew_verified = 16,
};
inline constexpr int kStateTopicType = 5001;

// A message's way to one sink. A sink that has taken the message has none any more.
struct Delivery {
    std::string sink;
    int attempts = 0;  // that failed
    std::optional<WallTime> next_attempt_at;
    std::optional<WallTime> dead_at;  // given up
    std::string last_error;
};

struct StateMessage {
    std::string id;             // UUID; receivers de-duplicate on it
    std::int64_t sequence = 0;  // set by the store; order of recording
    StateId state = StateId::challenge_validation_failed;
    std::string transaction_id;
    std::string decision_id;
    std::string device_id;
    std::string user_id;
    std::string certificate_request_id;
    std::string reason;
    std::string certificate_sha1;  // thumbprint, once issued
    std::string certificate_serial;
    WallTime created_at{};
    std::string owner;

    std::vector<Delivery> deliveries = {};  // outstanding ones, by sink
};

// One line of the audit: append-only, hash-chained by the store in the recording transaction.
struct AuditRecord {
    std::string node = {};      // set by the store: whose chain it is part of
    std::int64_t sequence = 0;  // set by the store: 1, 2, 3, … in its chain
    WallTime time{};
    std::string event;    // "verify", "notify", "put-device", "call-rejected", "start", …
    std::string outcome;  // "permit", "deny", "error"
    std::string reason;
    std::string caller;
    std::string peer_address;
    std::string transaction_id;
    // Further facts, name and value; never a challenge, key or CSR.
    std::vector<std::pair<std::string, std::string>> facts;
    std::string previous_hash;  // set by the store: hex
    std::string hash;           // set by the store: hex SHA-256(previous_hash || canonical record)
};

// A signed statement of where a chain of the audit stood.
struct AuditCheckpoint {
    std::string node;
    std::int64_t sequence = 0;
    std::string hash;
    WallTime time{};
    std::string key_id;     // names the key it was signed with
    std::string signature;  // base64
};

}  // namespace ndes::crp
