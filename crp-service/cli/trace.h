// Trace: everything that is known about one transaction, from several sources, in one timeline.
// Log lines are read here; what crpd knows is handed in as its API's JSON. Knows no HTTP.
// One thread.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/error.h"
#include "common/strict_json.h"

namespace ndes::crp::cli {

struct TraceEvent {
    WallTime time{};
    std::string source;  // "crpd", "audit", "state message" or a log file's name
    std::string text;
};

struct MissingSource {
    std::string source;
    std::string why;
};

struct Trace {
    std::string transaction_id;
    std::set<std::string> request_ids;  // that belong to the transaction
    std::vector<TraceEvent> events;
    std::vector<MissingSource> missing;
    bool is_whole = true;  // every source that was asked for could be read and knew it

    void lack(std::string source, std::string why);  // notes it as missing: not whole any more
    void sort();                                     // by time; events of one time stay as they are
};

// Each takes one object of the API; a field that is missing is left out of the text.
void add_transaction(Trace& trace, const Json& transaction);  // with its "history"
void add_certificate(Trace& trace, const Json& certificate);
void add_state_message(Trace& trace, const Json& message);
void add_audit_record(Trace& trace, const Json& record);

// Lines of a CMTrace log whose context is the transaction's ID, or of JSON lines with it as
// transaction_id; without that, with one of its requests' as request_id. A file that cannot be
// read, or has no such line, is lacking.
void add_log(Trace& trace, const std::filesystem::path& file);

}  // namespace ndes::crp::cli
