// /api/v1/state-messages/dead-letters and /replay: what a sink gave up, and sending it again.
#include "crp-service/http/event_json.h"
#include "crp-service/http/handlers.h"

namespace ndes::crp {

namespace {

constexpr std::size_t kMaxSinkOctets = 32;
constexpr std::size_t kMostIds = 1000;
constexpr std::int64_t kMostSequence = INT64_C(1) << 53;  // exact in every JSON reader

tl::expected<Replay, Problem> read_replay(JsonReader& reader) {
    Replay replay;
    replay.ids = reader.text_list("ids", kMostIds, kMaxIdOctets);
    replay.all_dead = reader.boolean_or("allDead", false);
    if (reader.has("afterSequence"))
        replay.after = reader.integer("afterSequence", 0, kMostSequence);
    const int given =
        (replay.ids.empty() ? 0 : 1) + (replay.all_dead ? 1 : 0) + (replay.after ? 1 : 0);
    if (given != 1) reader.fault("ids", "give exactly one of ids, allDead and afterSequence");
    if (auto sound = reader.finish(); !sound) return refuse(sound);
    return replay;
}

// A name that nobody configured, and that nothing is outstanding for, is a slip of the pen.
tl::expected<void, Problem> expect_sink(Store& store, const std::string& sink) {
    auto backlogs = store.count_deliveries();
    if (!backlogs) return refuse(backlogs);
    std::string known;
    for (const SinkBacklog& one : *backlogs) {
        if (one.sink == sink) return {};
        known += (known.empty() ? "" : ", ") + one.sink;
    }
    return refuse(ProblemCode::record_unknown,
                  "there is no sink \"" + sink + "\"; there " +
                      (known.empty() ? std::string("is none") : "are: " + known));
}

}  // namespace

Answer list_dead_letters(const Call& call) {
    auto query = call.list_query({"sink"});
    if (!query) return tl::unexpected(std::move(query.error()));
    const std::string sink = query->text("sink");
    if (sink.empty()) return refuse(ProblemCode::query_malformed, "sink: is missing");
    if (auto known = expect_sink(call.store, sink); !known) {
        return tl::unexpected(std::move(known.error()));
    }
    auto found = call.store.list_dead_letters(sink, query->page);
    if (!found) return refuse(found);
    return page_response(call, *found, [](const StateMessage& one) { return to_json(one); });
}

Answer replay_state_messages(const Call& call) {
    auto body = call.json();
    if (!body) return refuse(body);
    JsonReader reader(*body);
    const std::string sink = reader.text("sink", kMaxSinkOctets);
    auto replay = read_replay(reader);
    if (!replay) return tl::unexpected(std::move(replay.error()));
    if (auto known = expect_sink(call.store, sink); !known) {
        return tl::unexpected(std::move(known.error()));
    }
    AuditRecord audit = call.audit("replay-state-messages");
    audit.facts.emplace_back("sink", sink);
    audit.facts.emplace_back("what", replay->all_dead ? "dead letters"
                                     : replay->after  ? "after " + std::to_string(*replay->after)
                                                     : std::to_string(replay->ids.size()) + " ids");
    auto count = call.store.replay(sink, *replay, std::move(audit));
    if (!count) return refuse(count);
    return json_response(200, {{"replayed", *count}});
}

}  // namespace ndes::crp
