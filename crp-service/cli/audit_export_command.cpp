// crpctl audit export: the audit as JSON Lines, from which anybody can verify it, or as CSV.
#include <cstdio>
#include <memory>
#include <string>

#include "crp-service/audit/audit_lines.h"
#include "crp-service/cli/audit_commands.h"
#include "crp-service/cli/audit_input.h"
#include "crp-service/cli/collection.h"

namespace ndes::crp::cli {

namespace {

struct ExportOrder {
    std::shared_ptr<AuditPlace> place;
    std::string format = "jsonl";
    std::string since;
    std::string until;
    std::string event;
    bool is_part() const { return !since.empty() || !until.empty() || !event.empty(); }
};

struct Wanted {
    std::optional<WallTime> since;
    std::optional<WallTime> until;
    std::string event;
    bool takes(const AuditRecord& record) const {
        return (!since || record.time >= *since) && (!until || record.time < *until) &&
               (event.empty() || record.event == event);
    }
};

Result<Wanted> wanted_by(const ExportOrder& order) {
    Wanted wanted;
    wanted.event = order.event;
    const WallTime now = system_clock().now();
    for (const auto& [text, time] :
         {std::pair{&order.since, &wanted.since}, std::pair{&order.until, &wanted.until}}) {
        if (text->empty()) continue;
        auto read = time_argument(*text, now);
        if (!read) return pass_on(read);
        *time = *read;
    }
    return wanted;
}

// The members of a line in their order; the facts as the line has them.
std::vector<Column> csv_columns() {
    return {{"", "node"},          {"", "sequence"}, {"", "time"},         {"", "event"},
            {"", "outcome"},       {"", "reason"},   {"", "caller"},       {"", "peerAddress"},
            {"", "transactionId"}, {"", "facts"},    {"", "previousHash"}, {"", "hash"}};
}

Json csv_row(const AuditRecord& record) {
    Json row = Json::parse(to_line(record));
    row["facts"] = row["facts"].dump(-1, ' ', false, Json::error_handler_t::replace);
    return row;
}

Result<void> write_lines(const AuditInput& input, const ExportOrder& order, const Wanted& wanted) {
    // First, so that what is cut off at the end of the file is missed.
    if (!order.is_part()) {
        auto checkpoints = input.checkpoints();
        if (!checkpoints) return pass_on(checkpoints);
        for (const AuditCheckpoint& checkpoint : *checkpoints)
            std::printf("%s\n", to_line(checkpoint).c_str());
    }
    return input.records([&](const AuditRecord& record) {
        if (wanted.takes(record)) std::printf("%s\n", to_line(record).c_str());
        return true;
    });
}

Result<void> write_csv(const AuditInput& input, const Wanted& wanted) {
    const Output output{"csv", true};
    ListPrinter printer(output, csv_columns());
    auto done = input.records([&](const AuditRecord& record) {
        if (wanted.takes(record)) printer.add(csv_row(record));
        return true;
    });
    printer.finish();
    return done;
}

int run(const ExportOrder& order) {
    auto wanted = wanted_by(order);
    if (!wanted) return report_usage(wanted.error().text, "crpctl audit export --help");
    auto input = open_input(*order.place);
    if (!input) {
        if (input.error().code != ErrorCode::bad_request) return report(input.error());
        return report_usage(input.error().text, input.error().detail + " or --config");
    }
    auto done =
        order.format == "csv" ? write_csv(*input, *wanted) : write_lines(*input, order, *wanted);
    if (done && std::fflush(stdout) != 0) {
        done = fail(ErrorCode::storage, "standard output cannot be written");
    }
    return done ? kExitOk : report(done.error());
}

}  // namespace

void add_audit_export(CLI::App& noun, int& exit_code) {
    CLI::App* verb = noun.add_subcommand(
        "export", "print it; a part chosen by a filter cannot be verified by itself");
    const auto order = std::make_shared<ExportOrder>();
    order->place = add_audit_place(*verb, false);
    verb->add_option("--format", order->format, "jsonl or csv")
        ->check(CLI::IsMember({"jsonl", "csv"}))
        ->capture_default_str();
    verb->add_option("--since", order->since, "24h, 7d or a time of RFC 3339");
    verb->add_option("--until", order->until, "likewise; not including");
    verb->add_option("--event", order->event, "this event alone, e.g. verify");
    verb->callback([order, &exit_code] { exit_code = run(*order); });
}

}  // namespace ndes::crp::cli
