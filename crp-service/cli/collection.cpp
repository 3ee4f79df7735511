#include "crp-service/cli/collection.h"

#include <map>
#include <memory>

#include "common/config/quantity.h"
#include "common/http_server/url.h"

namespace ndes::crp::cli {

namespace {

constexpr std::size_t kPage = 500;

struct ListOrder {
    std::shared_ptr<RestTarget> target;
    std::shared_ptr<Output> output;
    std::vector<std::string> values;  // of the filters, in their order
    std::size_t limit = 100;
    bool all = false;
};

Result<std::string> query_of(const ListVerb& list, const ListOrder& order) {
    std::string query;
    for (std::size_t i = 0; i < list.filters.size(); ++i) {
        std::string value = order.values[i];
        if (value.empty()) continue;
        if (list.filters[i].is_time) {
            auto time = time_argument(value, system_clock().now());
            if (!time) return pass_on(time, list.filters[i].option);
            value = to_rfc3339(*time);
        }
        query += std::string("&") + list.filters[i].parameter + "=" + http::percent_encode(value);
    }
    return query;
}

int run_list(const ListVerb& list, const ListOrder& order) {
    const auto query = query_of(list, order);
    if (!query) return report_usage(query.error().text, "crpctl --help");
    return with_client(*order.target, [&](RestClient& client) -> Result<void> {
        ListPrinter printer(*order.output, list.columns);
        std::size_t shown = 0;
        const std::size_t limit = order.all ? 0 : order.limit;
        auto done = for_each_item(client, list.path, *query, limit, [&](const Json& item) {
            printer.add(item);
            ++shown;
            return true;
        });
        if (done) printer.finish();
        if (done && limit != 0 && shown == limit) {
            say(*order.output,
                "the first " + std::to_string(shown) + "; --all shows all there are");
        }
        return done;
    });
}

}  // namespace

std::string item_path(const std::string& path, const std::string& id) {
    return path + "/" + http::percent_encode(id);
}

Result<WallTime> time_argument(const std::string& text, WallTime now, bool ahead) {
    if (const auto age = parse_duration(text)) return ahead ? now + *age : now - *age;
    if (auto time = from_rfc3339(text)) return *time;
    return fail(ErrorCode::bad_request,
                "\"" + text + "\" is neither an age (\"24h\", \"7d\") nor a time of RFC 3339");
}

Result<Json> get_json(RestClient& client, const std::string& path) {
    auto answer = client.call("GET", path);
    if (!answer) return pass_on(answer);
    auto json = parse_json(*answer, kMaxAnswerOctets);
    if (!json) return fail(ErrorCode::internal, "crpd's answer is not JSON", json.error().text);
    return json;
}

Result<void> for_each_item(RestClient& client, const std::string& path, const std::string& query,
                           std::size_t limit, const std::function<bool(const Json&)>& take) {
    std::string after;
    std::size_t taken = 0;
    for (;;) {
        const std::size_t page = limit == 0 ? kPage : std::min(kPage, limit - taken);
        auto answer = get_json(client, path + "?limit=" + std::to_string(page) + query +
                                           (after.empty() ? "" : "&after=" + after));
        if (!answer) return pass_on(answer);
        const auto items = answer->find("items");
        if (items == answer->end() || !items->is_array()) {
            return fail(ErrorCode::internal, "crpd's answer is no page of a collection");
        }
        for (const Json& item : *items) {
            if (!take(item)) return {};
            if (++taken == limit) return {};
        }
        const auto next = answer->find("next");
        if (next == answer->end() || !next->is_string()) return {};
        after = http::percent_encode(next->get<std::string>());
    }
}

CLI::App* add_list_verb(CLI::App& noun, ListVerb list, int& exit_code) {
    CLI::App* verb = noun.add_subcommand(list.verb, list.help);
    const auto order = std::make_shared<ListOrder>();
    order->target = add_rest_options(*verb);
    order->output = add_output_options(*verb, true);
    order->values.resize(list.filters.size());
    for (std::size_t i = 0; i < list.filters.size(); ++i) {
        verb->add_option(list.filters[i].option, order->values[i], list.filters[i].help);
    }
    CLI::Option* limit = verb->add_option("--limit", order->limit, "at most so many")
                             ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}))
                             ->capture_default_str();
    verb->add_flag("--all", order->all, "all there are")->excludes(limit);
    verb->callback(
        [list = std::move(list), order, &exit_code] { exit_code = run_list(list, *order); });
    return verb;
}

CLI::App* add_show_verb(CLI::App& noun, const char* help, const char* id_name, std::string path,
                        int& exit_code) {
    CLI::App* verb = noun.add_subcommand("show", help);
    const auto target = add_rest_options(*verb);
    const auto output = add_output_options(*verb, false);
    const auto id = std::make_shared<std::string>();
    verb->add_option(id_name, *id, "which one")->required();
    verb->callback([target, output, id, path = std::move(path), &exit_code] {
        exit_code = with_client(*target, [&](RestClient& client) -> Result<void> {
            auto object = get_json(client, item_path(path, *id));
            if (!object) return pass_on(object);
            print_object(*output, *object);
            return {};
        });
    });
    return verb;
}

}  // namespace ndes::crp::cli
