#include "scep-server/http/notify_api.h"

#include <utility>

#include "common/http_server/url.h"
#include "scep-server/http/api_answer.h"
#include "scep-server/policy_host/module_answer.h"

namespace ndes::scep {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view kNotifiesPath = "/api/v1/notifies";
constexpr const char* kNotDead = "NotDead";

const char* word_of(std::int32_t disposition) {
    switch (disposition) {
        case NDES_POLICY_DISPOSITION_SUCCESS: return "issued";
        case NDES_POLICY_DISPOSITION_FAILURE: return "failed";
        case NDES_POLICY_DISPOSITION_PENDING: return "pending";
        case NDES_POLICY_DISPOSITION_PENDING_CHALLENGE: return "pendingChallenge";
        default: return "unknown";
    }
}

ordered_json notify_item(const NotifyRow& row) {
    ordered_json item{{"id", row.id},
                      {"state", row.dead_at ? "dead" : "waiting"},
                      {"profile", row.profile},
                      {"transactionId", row.transaction_id},
                      {"requestId", row.request_id},
                      {"outcome", word_of(row.disposition)},
                      {"hResult", hex_of(row.last_result)},
                      {"serial", nullptr},
                      {"attempts", row.attempts},
                      {"recordedAt", to_rfc3339(row.recorded_at)},
                      {"nextAttemptAt", nullptr},
                      {"deadAt", nullptr},
                      {"lastError", row.last_error}};
    if (!row.serial.empty()) item["serial"] = row.serial;
    if (row.dead_at)
        item["deadAt"] = to_rfc3339(*row.dead_at);
    else
        item["nextAttemptAt"] = to_rfc3339(row.next_attempt);
    return item;
}

// Takes state=… out of the query; the rest is a page's.
Result<NotifyKind> take_kind(std::string& query) {
    auto parameters = http::parse_query(query);
    if (!parameters) return pass_on(parameters);
    NotifyKind kind = NotifyKind::all;
    query.clear();
    for (const auto& [name, value] : *parameters) {
        if (name != "state") {
            query += (query.empty() ? "" : "&") + http::percent_encode(name) + "=" +
                     http::percent_encode(value);
        } else if (value == "waiting" || value == "dead") {
            kind = value == "dead" ? NotifyKind::dead : NotifyKind::waiting;
        } else {
            return fail(ErrorCode::bad_request, "query: state is waiting or dead");
        }
    }
    return kind;
}

}  // namespace

bool NotifyApi::serves(std::string_view path) { return is_below(kNotifiesPath, path); }

http::Response NotifyApi::handle(const http::Request& request, const Login& login) {
    if (auto problem = problem_of_operator(login)) return std::move(*problem);
    auto segments = http::decode_segments(request.target);
    if (!segments) return json_problem(400, "BadRequest", segments.error().text);
    const bool posts = request.method == "POST";
    if (segments->size() == 3 && request.method == "GET") return list(request);
    if (segments->size() == 4 && segments->at(3) == "retry" && posts) return retry_dead(login);
    if (segments->size() == 5 && posts) return change(segments->at(3), segments->at(4), login);
    if (segments->size() > 5) return json_problem(404, "NotFound", "nothing is served here");
    return json_problem(405, "MethodNotAllowed", "GET lists, POST changes");
}

http::Response NotifyApi::list(const http::Request& request) {
    std::string query = request.query;
    auto kind = take_kind(query);
    if (!kind) return problem_of(kind.error(), kNotDead);
    auto page = read_page_query(query);
    if (!page) return problem_of(page.error(), kNotDead);
    auto rows = parts_.queue.list(page->after, static_cast<std::size_t>(page->limit), *kind);
    if (!rows) return problem_of(rows.error(), kNotDead);
    ordered_json body{{"items", ordered_json::array()}, {"next", nullptr}};
    for (const NotifyRow& row : *rows)
        body["items"].push_back(notify_item(row));
    if (rows->size() == static_cast<std::size_t>(page->limit))
        body["next"] = std::to_string(rows->back().id);
    return json_answer(body);
}

http::Response NotifyApi::retry_dead(const Login& login) {
    auto count = parts_.queue.retry_dead();
    if (!count) return problem_of(count.error(), kNotDead);
    parts_.log.note(Severity::info, "all dead letters of Notify are told again",
                    {{"caller", login.caller->name}, {"count", std::to_string(*count)}});
    parts_.wake();
    return json_answer({{"count", *count}});
}

http::Response NotifyApi::change(const std::string& id_text, const std::string& verb,
                                 const Login& login) {
    const auto id = read_number(id_text);
    if (!id || (verb != "retry" && verb != "discard"))
        return json_problem(404, "NotFound", "nothing is served here");
    if (verb == "retry") {
        if (auto done = parts_.queue.retry(*id); !done) return problem_of(done.error(), kNotDead);
        parts_.log.note(Severity::info, "a Notify is told again at once",
                        {{"caller", login.caller->name}, {"notify_id", id_text}});
        parts_.wake();
        return json_answer({{"id", *id}, {"state", "waiting"}});
    }
    auto ended = parts_.queue.discard(*id);
    if (!ended) return problem_of(ended.error(), kNotDead);
    parts_.log.write(Severity::warning,
                     "Notify: the dead letter " + id_text + " was discarded by " +
                         login.caller->name + "; the CRP will not learn of this outcome (" +
                         word_of(ended->disposition) + ").",
                     {{"transaction_id", ended->transaction_id},
                      {"request_id", ended->request_id},
                      {"caller", login.caller->name},
                      {"last_error", ended->last_error}});
    return json_answer({{"id", *id}, {"state", "discarded"}});
}

}  // namespace ndes::scep
