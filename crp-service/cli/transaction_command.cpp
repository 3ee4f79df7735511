// crpctl tx: why was a request refused, and what became of it?
#include <chrono>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "common/http_server/url.h"
#include "crp-service/cli/collection.h"
#include "crp-service/cli/trace.h"

namespace ndes::crp::cli {

namespace {

constexpr const char* kTransactionsPath = "/api/v1/transactions";

std::vector<Column> transaction_columns() {
    return {{"DECIDED", "decidedAt"}, {"TRANSACTION", "transactionId"},
            {"STATE", "state"},       {"REASON", "reason"},
            {"PHASE", "phase"},       {"DEVICE", "deviceId"},
            {"USER", "userId"}};
}

struct FollowOrder {
    int interval_seconds = 2;
    int count = 0;  // 0: without end
};

// Newest first as they came; printed oldest first, each once.
void print_batch(const std::vector<Json>& fresh, std::set<std::string>& seen,
                 const Output& output) {
    ListPrinter table(output, transaction_columns());
    bool any = false;
    for (auto item = fresh.rbegin(); item != fresh.rend(); ++item) {
        if (!seen.insert(item->value("decisionId", "")).second) continue;
        any = true;
        if (output.format == "json") {
            std::printf("%s\n", item->dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
        } else {
            table.add(*item);
        }
    }
    if (any && output.format == "table") table.finish();
    std::fflush(stdout);
}

// Prints decisions as they come, oldest first; the ones already there are not printed.
Result<void> follow(RestClient& client, const FollowOrder& order, const Output& output) {
    std::set<std::string> seen;
    std::string newest;
    for (bool first = true; order.count == 0 || static_cast<int>(seen.size()) < order.count;
         first = false) {
        std::vector<Json> fresh;
        std::string top;
        auto done =
            for_each_item(client, kTransactionsPath, "", first ? 1 : 0, [&](const Json& item) {
                const std::string id = item.value("decisionId", "");
                if (top.empty()) top = id;
                if (id == newest) return false;
                fresh.push_back(item);
                return true;
            });
        if (!done) return done;
        if (!top.empty()) newest = top;
        if (first) fresh.clear();
        print_batch(fresh, seen, output);
        std::this_thread::sleep_for(std::chrono::seconds(order.interval_seconds));
    }
    return {};
}

void add_follow(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand("follow", "print decisions as they are made");
    const auto target = add_rest_options(*verb);
    const auto output = add_output_options(*verb, false);
    const auto order = std::make_shared<FollowOrder>();
    verb->add_option("--interval", order->interval_seconds, "seconds between looks")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    verb->add_option("--count", order->count, "end after so many; 0: never")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    verb->callback([=, &exit_code] {
        exit_code = with_client(
            *target, [&](RestClient& client) { return follow(client, *order, *output); });
    });
}

// ---- trace

// What of a collection belongs to the transaction; asks crpd to choose, and chooses itself if crpd
// does not know the filter.
void collect(RestClient& client, Trace& trace, const char* path, const char* source,
             void (*add)(Trace&, const Json&)) {
    const std::string filter = "&transactionId=" + http::percent_encode(trace.transaction_id);
    const auto take = [&](const Json& item) {
        if (item.is_object() && item.contains("transactionId") &&
            item["transactionId"] == trace.transaction_id) {
            add(trace, item);
        }
        return true;
    };
    auto done = for_each_item(client, path, filter, 0, take);
    if (!done && done.error().code == ErrorCode::bad_request) {
        done = for_each_item(client, path, "", 0, take);
    }
    if (!done) trace.lack(source, done.error().text);
}

Result<void> ask_crpd(RestClient& client, Trace& trace) {
    auto transaction = get_json(client, item_path(kTransactionsPath, trace.transaction_id));
    if (transaction) {
        add_transaction(trace, *transaction);
        const std::string certificate = cell_text((*transaction)["certificateSha256"]);
        if (!certificate.empty()) {
            auto record = get_json(client, item_path("/api/v1/certificates", certificate));
            if (record) {
                add_certificate(trace, *record);
            } else {
                trace.lack("certificate", record.error().text);
            }
        }
    } else {
        trace.lack("transaction", transaction.error().text);
        if (transaction.error().code != ErrorCode::not_found) return pass_on(transaction);
    }
    collect(client, trace, "/api/v1/state-messages", "state messages", add_state_message);
    collect(client, trace, "/api/v1/audit", "audit", add_audit_record);
    return {};
}

void print_trace(const Trace& trace, const Output& output) {
    Json events = Json::array();
    for (const TraceEvent& event : trace.events) {
        events.push_back(
            {{"time", to_rfc3339(event.time)}, {"source", event.source}, {"text", event.text}});
    }
    if (output.format == "json") {
        Json missing = Json::array();
        for (const MissingSource& source : trace.missing)
            missing.push_back({{"source", source.source}, {"why", source.why}});
        print_json({{"transactionId", trace.transaction_id},
                    {"events", std::move(events)},
                    {"missing", std::move(missing)}});
        return;
    }
    ListPrinter printer(output, {{"TIME", "time"}, {"SOURCE", "source"}, {"EVENT", "text"}});
    for (const Json& event : events)
        printer.add(event);
    printer.finish();
    for (const MissingSource& source : trace.missing)
        say(output, "missing: " + source.source + ": " + source.why);
}

int run_trace(RestTarget& target, const std::string& id,
              const std::vector<std::filesystem::path>& logs, const Output& output) {
    Trace trace;
    trace.transaction_id = id;
    std::optional<Error> unreachable;
    if (auto known = complete(target); !known) {
        // Nobody asked for crpd when nobody said where it is.
        if (known.error().code != ErrorCode::bad_request) return report(known.error());
        trace.missing.push_back({"crpd", known.error().text});
    } else if (auto client = RestClient::open(target); !client) {
        unreachable = client.error();
    } else if (auto asked = ask_crpd(*client, trace); !asked) {
        unreachable = asked.error();
    }
    if (unreachable) trace.lack("crpd", unreachable->text);
    for (const auto& log : logs)
        add_log(trace, log);
    trace.sort();
    if (!trace.events.empty() || !unreachable) print_trace(trace, output);
    if (!trace.events.empty()) return trace.is_whole ? kExitOk : kExitFailed;
    return report(unreachable.value_or(
        Error{ErrorCode::not_found, "no source knows transaction " + id, {}, {}}));
}

void add_trace(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand(
        "trace", "everything known about one, from crpd and logs, in one timeline");
    const auto target = add_rest_options(*verb);
    const auto output = add_output_options(*verb, false);
    const auto id = std::make_shared<std::string>();
    const auto logs = std::make_shared<std::vector<std::filesystem::path>>();
    verb->add_option("TRANSACTION-ID", *id, "as in the logs")->required();
    verb->add_option("--log", *logs,
                     "NDESPlugin.log, CRP.log or JSON lines of a daemon; may be given again")
        ->allow_extra_args(false);
    verb->callback([=, &exit_code] { exit_code = run_trace(*target, *id, *logs, *output); });
}

}  // namespace

void add_transaction_commands(CLI::App& app, int& exit_code) {
    CLI::App* noun = app.add_subcommand("tx", "transactions: what was decided, and why");
    noun->require_subcommand(1);
    add_list_verb(*noun,
                  {"list",
                   "list them, newest first",
                   kTransactionsPath,
                   transaction_columns(),
                   {{"--device", "deviceId", "of this device"},
                    {"--reason", "reason", "with this reason; see `crpctl reasons`"},
                    {"--state", "state", "refused, verified, issued, failed, pending, unconfirmed"},
                    {"--since", "since", "decided since: 24h, 7d or a time of RFC 3339", true}}},
                  exit_code);
    add_show_verb(*noun, "what was decided, why, and what became of it", "TRANSACTION-ID",
                  kTransactionsPath, exit_code);
    add_trace(*noun, exit_code);
    add_follow(*noun, exit_code);
}

}  // namespace ndes::crp::cli
