// The prepared statements of a connection, by topic. Their SQL stands at the top of the topic's
// .cpp; each set is prepared once, when its connection is opened. One thread at a time.
#pragma once

#include "common/sqlite/database.h"
#include "crp-service/store/sqlite/queries.h"

namespace ndes::crp {

using sqlite::Statement;

// The end of a list statement: what its page holds. An ownerless record is everybody's.
#define IN_PAGE " > ?1 AND (?3 = '' OR owner IN (?3, '')) ORDER BY "

// The same five statements for each kind of record that the MDM keeps here.
struct RecordSql {
    const char* find;      // by key
    const char* list;      // after key, at most, owner ("": all)
    const char* revision;  // by key
    const char* put;       // all columns, key first
    const char* remove;    // by key
};
extern const RecordSql kUserSql;
extern const RecordSql kDeviceSql;
extern const RecordSql kPolicySql;
extern const RecordSql kTemplateSql;

struct RecordReads {
    RecordReads(Preparer& prepare, const RecordSql& sql);
    Statement find;
    Statement list;
};

struct RecordWrites {
    RecordWrites(Preparer& prepare, const RecordSql& sql);
    Statement revision;
    Statement put;
    Statement remove;
};

struct ChallengeReads {
    explicit ChallengeReads(Preparer& prepare);
    Statement by_id;
    Statement by_lookup;
    Statement find_answer;
};

struct ChallengeWrites {
    explicit ChallengeWrites(Preparer& prepare);
    Statement by_id;
    Statement insert;
    Statement reserve;
    Statement count_refusal;
    Statement revoke;
    Statement settle;
    Statement find_answer;
    Statement insert_answer;
    Statement forget_answers;
};

// Decisions as the writer sees them while it commits one.
struct DecisionWrites {
    explicit DecisionWrites(Preparer& prepare);
    Statement key_of_other_device;
    Statement standing;
    Statement same_request;
    Statement by_id;
    Statement insert;
    Statement settle;
};

struct DecisionReads {
    explicit DecisionReads(Preparer& prepare);
    Statement standing;
    Statement verified;
    Statement by_request;
    Statement history;
};

struct CertificateReads {
    explicit CertificateReads(Preparer& prepare);
    Statement by_sha256;
    Statement key_of_other_device;
};

struct CertificateWrites {
    explicit CertificateWrites(Preparer& prepare);
    Statement exists;
    Statement insert;
    Statement revoke;
};

struct OutboxReads {
    explicit OutboxReads(Preparer& prepare);
    Statement due;
    Statement deliveries;
    Statement backlog;
};

struct OutboxWrites {
    explicit OutboxWrites(Preparer& prepare);
    Statement insert;
    Statement wait_for_sink;
    Statement delivered;
    Statement failed;
    Statement dead;
};

struct AuditWrites {
    explicit AuditWrites(Preparer& prepare);
    Statement tail;
    Statement insert;
};

struct Reads {
    explicit Reads(Preparer& prepare);
    RecordReads users;
    RecordReads devices;
    RecordReads policies;
    RecordReads templates;
    ChallengeReads challenges;
    DecisionReads decisions;
    CertificateReads certificates;
    OutboxReads outbox;
    Statement check;
};

struct Writes {
    explicit Writes(Preparer& prepare);
    RecordWrites users;
    RecordWrites devices;
    RecordWrites policies;
    RecordWrites templates;
    ChallengeWrites challenges;
    DecisionWrites decisions;
    CertificateWrites certificates;
    OutboxWrites outbox;
    AuditWrites audit;
    Statement check;
};

}  // namespace ndes::crp
