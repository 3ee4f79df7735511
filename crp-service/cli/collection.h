// Collection: what crpctl's verbs on REST collections share: pages followed to the end, filters,
// list and show verbs. Knows no particular record. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "crp-service/cli/commands.h"
#include "crp-service/cli/output.h"

namespace ndes::crp::cli {

// A filter of a list: its option and the query parameter it becomes.
struct Filter {
    const char* option;  // "--device"
    const char* parameter;
    const char* help;
    bool is_time = false;  // see time_argument
};

struct ListVerb {
    const char* verb;
    const char* help;
    std::string path;  // "/api/v1/devices"
    std::vector<Column> columns;
    std::vector<Filter> filters = {};
};

// Asks for items page by page and hands each to `take` until it says false, there are no more, or
// `limit` were handed over (0: no limit).
Result<void> for_each_item(RestClient& client, const std::string& path, const std::string& query,
                           std::size_t limit, const std::function<bool(const Json&)>& take);

// noun VERB [filters] [--limit N | --all] [--format …]
CLI::App* add_list_verb(CLI::App& noun, ListVerb list, int& exit_code);

// noun show ID: GET path/ID
CLI::App* add_show_verb(CLI::App& noun, const char* help, const char* id_name, std::string path,
                        int& exit_code);

// "path/ID" with the ID percent-encoded.
std::string item_path(const std::string& path, const std::string& id);

// RFC 3339, or an age as "24h", "7d" (before `now`; after it if `ahead`). bad_request.
Result<WallTime> time_argument(const std::string& text, WallTime now, bool ahead = false);

// GET of one JSON object.
Result<Json> get_json(RestClient& client, const std::string& path);

}  // namespace ndes::crp::cli
