#include "crp-service/cli/audit_input.h"

#include <fstream>
#include <string>

#include "crp-service/audit/audit_lines.h"
#include "crp-service/audit/checkpoint_file.h"
#include "crp-service/cli/collection.h"
#include "crp-service/config.h"

namespace ndes::crp::cli {

namespace {

constexpr std::size_t kBatch = 1000;
constexpr const char* kAuditPath = "/api/v1/audit";

using Take = std::function<bool(const AuditRecord&)>;

Result<void> for_each_line(const std::filesystem::path& path,
                           const std::function<Result<bool>(const std::string&)>& take) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(ErrorCode::configuration, path.string() + ": cannot be read");
    std::string line;
    for (std::int64_t number = 1; std::getline(file, line); ++number) {
        auto more = take(line);
        if (!more) return pass_on(more, path.string() + ":" + std::to_string(number));
        if (!*more) return {};
    }
    if (file.bad()) return fail(ErrorCode::storage, path.string() + ": reading broke off");
    return {};
}

AuditInput from_file(const std::filesystem::path& path) {
    AuditInput input;
    input.checkpoints = [path]() -> Result<std::vector<AuditCheckpoint>> {
        auto kept = read_checkpoint_file(path);
        if (!kept) return pass_on(kept);
        return std::move(kept->checkpoints);  // a torn one is told when the records are read
    };
    input.records = [path](const Take& take) {
        return for_each_line(path, [&](const std::string& line) -> Result<bool> {
            auto parsed = parse_audit_line(line);
            if (!parsed) return pass_on(parsed);
            return !parsed->record || take(*parsed->record);
        });
    };
    return input;
}

Result<AuditInput> from_database(const std::filesystem::path& config) {
    auto options = read_store_options(config);
    if (!options) return pass_on(options);
    auto opened = open_audit(*options);
    if (!opened) return pass_on(opened);
    const std::shared_ptr<AuditSource> source = std::move(*opened);
    AuditInput input;
    input.checkpoints = [source] { return source->checkpoints(); };
    input.records = [source](const Take& take) -> Result<void> {
        for (;;) {
            auto records = source->next(kBatch);
            if (!records) return pass_on(records);
            if (records->empty()) return {};
            for (const AuditRecord& record : *records) {
                if (!take(record)) return {};
            }
        }
    };
    return input;
}

Result<AuditInput> from_crpd(RestTarget& target) {
    if (auto known = complete(target); !known) return pass_on(known);
    auto opened = RestClient::open(target);
    if (!opened) return pass_on(opened);
    const auto client = std::make_shared<RestClient>(std::move(*opened));
    AuditInput input;
    input.checkpoints = [client]() -> Result<std::vector<AuditCheckpoint>> {
        std::vector<AuditCheckpoint> checkpoints;
        std::optional<Error> fault;
        auto done = for_each_item(
            *client, std::string(kAuditPath) + "/checkpoints", "", 0, [&](const Json& item) {
                auto line = parse_audit_line(Json{{"checkpoint", item}}.dump());
                if (line && line->checkpoint) {
                    checkpoints.push_back(std::move(*line->checkpoint));
                } else {
                    fault = line.error();
                }
                return !fault;
            });
        if (fault) return Failure(*fault);
        if (!done && done.error().code != ErrorCode::not_found) return pass_on(done);
        return checkpoints;
    };
    input.records = [client](const Take& take) -> Result<void> {
        std::optional<Error> fault;
        auto done = for_each_item(*client, kAuditPath, "", 0, [&](const Json& item) {
            auto record = audit_record_from_api(item);
            if (!record) fault = record.error();
            return record && take(*record);
        });
        if (fault) return Failure(*fault);
        return done;
    };
    return input;
}

}  // namespace

std::shared_ptr<AuditPlace> add_audit_place(CLI::App& command, bool may_be_export) {
    auto place = std::make_shared<AuditPlace>();
    CLI::Option* config = command.add_option(
        "--config", place->config, "read the database of this crpd configuration, not crpd");
    if (may_be_export) {
        command.add_option("--export", place->file, "read this export (JSON Lines), not crpd")
            ->excludes(config);
    }
    place->target = add_rest_options(command);
    return place;
}

Result<AuditInput> open_input(AuditPlace& place) {
    if (!place.file.empty()) return from_file(place.file);
    if (!place.config.empty()) return from_database(place.config);
    return from_crpd(*place.target);
}

}  // namespace ndes::crp::cli
