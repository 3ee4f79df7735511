// What the store's functions take and give: pages, filters, commits, upkeep. Plain values.
// Knows no SQL, JSON or HTTP.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "crp-service/domain/challenge.h"
#include "crp-service/domain/decision.h"
#include "crp-service/domain/records.h"

namespace ndes::crp {

// ---- pages

// A page of a collection. `after`: opaque cursor of the last page, empty for the first.
struct PageRequest {
    std::string after;        // bad_request if it is no cursor of this collection
    std::size_t limit = 100;  // 1..1000, else bad_request
    std::string owner;        // non-empty: only records of this owner (mdm callers)
};
template <class T>
struct Page {
    std::vector<T> items;
    std::optional<std::string> next;  // cursor; absent on the last page
};

// Filters: an empty or absent member selects everything; all given ones must fit.
struct ChallengeFilter {
    std::string device_id = {};
    std::optional<ChallengeState> state = {};  // as at `now`: expired is a matter of the clock
    WallTime now{};
};
struct TransactionFilter {
    std::string device_id = {};
    std::string reason = {};
    std::optional<TransactionState> state = {};
    std::optional<WallTime> since = {};  // decided at or after
};
struct CertificateFilter {
    std::string device_id = {};
    std::optional<WallTime> expires_before = {};
};

// ---- writes

// Which record a put or delete means.
struct Precondition {
    enum class Kind {
        any,
        absent,    // put: there is none yet
        present,   // there is one, whichever
        revision,  // there is one and it has `revision`
    };
    Kind kind = Kind::any;
    std::string revision = {};
};

// Newest decisions that a transaction's history tells.
inline constexpr std::int64_t kMaxHistory = 100;

// How long the answer to an Idempotency-Key is kept.
inline constexpr std::chrono::hours kIdempotencyWindow{24};

// Challenges posted together, all or none, with the Idempotency-Key of the call.
struct ChallengeBatch {
    std::vector<Challenge> challenges;
    std::string idempotency_key;  // empty: none
    std::string body_sha256;      // of the call's body, to tell a retry from a clash
    std::string answer;           // sealed form of what the call answers, for a retry (opaque)
    std::string owner;
    WallTime now{};
};

// Outstanding challenges (issued, reserved, failed or unconfirmed, and not past their time) that
// one key was used for.
struct KeyUse {
    ChallengeKind kind = ChallengeKind::minted;
    std::string key_id;
    std::int64_t count = 0;
    WallTime last_expiry{};
};

struct DecisionCommit {
    Decision decision;
    std::vector<StateMessage> messages;  // at most one per call today
    AuditRecord audit;
    // A refusal that counts against the challenge named in the decision (five lock it).
    bool counts_as_refusal = false;
    // The challenge named in the decision, if it was made elsewhere (sealed) and may be met for
    // the first time: recorded first, unless its ID is there.
    std::optional<Challenge> first_seen = {};
};

struct DecisionOutcome {
    enum class Kind {
        committed,  // recorded as given
        repeated,   // this question already has a yes, or this caller's request (same request ID,
                    // same question) any answer: `standing` is that one; nothing recorded
        lost,       // a yes that cannot be: the challenge is no longer free for this CSR
                    // (`challenge_state`), is another one of the same ID (`challenge_id_taken`), or
                    // another device came first with the key (`key_taken`); nothing recorded, the
                    // caller commits a refusal instead
    };
    Kind kind = Kind::committed;
    std::optional<Decision> standing;
    std::optional<ChallengeState> challenge_state;
    bool challenge_id_taken = false;
    bool key_taken = false;
};

struct NotifyCommit {
    std::string transaction_id;
    std::string decision_id;                              // the decision it reports on
    TransactionState outcome = TransactionState::failed;  // issued, failed or pending
    std::int32_t hresult = 0;
    std::optional<IssuedCertificate> certificate;  // exactly when issued
    std::vector<StateMessage> messages;
    AuditRecord audit;
    WallTime now{};
};

enum class NotifyOutcome {
    recorded,
    repeated,  // the same was told before; nothing recorded
};

struct Revocation {
    std::string certificate_sha256;
    std::string reason;  // a word of RFC 5280 section 5.3.1
    WallTime now{};
    std::vector<StateMessage> messages;
    AuditRecord audit;
};

// ---- outbox

// What stands before one sink.
struct SinkBacklog {
    std::string sink;
    std::int64_t waiting = 0;
    std::int64_t dead = 0;
    std::optional<WallTime> oldest_waiting;  // when that message was recorded
    bool is_configured = false;  // false: left over from another configuration, or another crpd's
};

// Which messages shall go to a sink again; exactly one member is given.
struct Replay {
    std::vector<std::string> ids = {};       // recorded ones, delivered, waiting or dead
    bool all_dead = false;                   // the sink's dead letters
    std::optional<std::int64_t> after = {};  // every message with a higher sequence
};

// ---- audit

// Audit event: an operator said that the clock is right, though records before this one are of
// later times.
inline constexpr const char* kClockConfirmed = "clock-confirmed";

// How far last_recorded_time() looks back: more than a crpd that refuses calls for its clock's sake
// adds in some hours, and read within milliseconds.
inline constexpr std::int64_t kRecentRecords = 10'000;

// ---- upkeep

// What the retention job removes: records that are final and older than the time given.
struct RetentionLimits {
    WallTime challenges_expired_before{};    // never used ones, by their expiry
    WallTime certificates_expired_before{};  // with their decision and challenge, once no recorded
                                             // certificate renews them
    WallTime decisions_before{};             // those that led to no certificate
    WallTime messages_before{};              // older than all that wait for a sink in use: one that
                                             // is configured or that some crpd emptied since then
};
struct Purged {
    std::int64_t challenges = 0;
    std::int64_t certificates = 0;
    std::int64_t decisions = 0;
    std::int64_t messages = 0;
    std::int64_t total() const { return challenges + certificates + decisions + messages; }
};

}  // namespace ndes::crp
