#include "crp-service/cli/output.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include "common/logging/cmtrace.h"
#include "common/utf8.h"

namespace ndes::crp::cli {

namespace {

constexpr std::size_t kMaxCellOctets = 256;

std::size_t characters_of(std::string_view text) {
    std::size_t count = 0;
    for (; !text.empty(); ++count) {
        text.remove_prefix(first_utf8(text).length);
    }
    return count;
}

void put(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

// RFC 4180.
std::string csv_cell(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::string json_text(const Json& value, int indent) {
    return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json member_of(const Json& item, const char* name) {
    const auto found = item.find(name);
    return found == item.end() ? Json(nullptr) : *found;
}

}  // namespace

std::shared_ptr<Output> add_output_options(CLI::App& command, bool csv) {
    auto output = std::make_shared<Output>();
    const std::vector<std::string> words = csv ? std::vector<std::string>{"table", "json", "csv"}
                                               : std::vector<std::string>{"table", "json"};
    command.add_option("--format", output->format, csv ? "table, json or csv" : "table or json")
        ->check(CLI::IsMember(words))
        ->capture_default_str();
    command.add_flag("--quiet", output->quiet, "data and errors only");
    return output;
}

bool may_colour() { return ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr; }

std::string cell_text(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_null()) return {};
    if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
    if (!value.is_array()) return json_text(value, -1);
    std::string list;
    for (const Json& item : value) {
        list += (list.empty() ? "" : ",") + cell_text(item);
    }
    return list;
}

ListPrinter::ListPrinter(const Output& output, std::vector<Column> columns)
    : output_(output), columns_(std::move(columns)) {
    for (const Column& column : columns_)
        widths_.push_back(std::string_view(column.title).size());
}

// The first thing that a CSV list prints.
void ListPrinter::print_members() const {
    std::vector<std::string> members;
    for (const Column& column : columns_)
        members.emplace_back(column.member);
    print_csv(members);
}

void ListPrinter::add(const Json& item) {
    ++count_;
    if (count_ == 1 && output_.format == "csv") print_members();
    if (output_.format == "json") {
        put((count_ == 1 ? "[\n" : ",\n") + json_text(item, -1));
        return;
    }
    std::vector<std::string> cells;
    for (const Column& column : columns_)
        cells.push_back(cell_text(member_of(item, column.member)));
    if (output_.format == "csv") {
        print_csv(cells);
        return;
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
        cells[i] = cells[i].empty() ? "-" : loggable(cells[i], kMaxCellOctets);
        widths_[i] = std::max(widths_[i], characters_of(cells[i]));
    }
    rows_.push_back(std::move(cells));
}

void ListPrinter::print_csv(const std::vector<std::string>& cells) const {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i)
        line += (i == 0 ? "" : ",") + csv_cell(cells[i]);
    put(line + "\r\n");
}

void ListPrinter::print_row(const std::vector<std::string>& cells, bool title) const {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        line += cells[i];
        if (i + 1 == cells.size()) break;
        line.append(widths_[i] + 2 - characters_of(cells[i]), ' ');
    }
    put(title && may_colour() ? "\033[1m" + line + "\033[0m\n" : line + "\n");
}

void ListPrinter::finish() {
    if (output_.format == "json") put(count_ == 0 ? "[]\n" : "\n]\n");
    if (output_.format == "csv" && count_ == 0) print_members();
    if (output_.format != "table") return;
    if (rows_.empty()) {
        say(output_, "nothing found");
        return;
    }
    std::vector<std::string> titles;
    for (const Column& column : columns_)
        titles.emplace_back(column.title);
    print_row(titles, true);
    for (const auto& row : rows_)
        print_row(row, false);
}

void print_json(const Json& value) { put(json_text(value, 2) + "\n"); }

void print_object(const Output& output, const Json& object) {
    if (output.format == "json" || !object.is_object()) {
        print_json(object);
        return;
    }
    std::size_t width = 0;
    for (const auto& [name, value] : object.items())
        width = std::max(width, name.size());
    for (const auto& [name, value] : object.items()) {
        const std::string text = cell_text(value);
        put(loggable(name) + std::string(width + 2 - name.size(), ' ') +
            (text.empty() ? "-" : loggable(text, 4096)) + "\n");
    }
}

void say(const Output& output, const std::string& text) {
    if (!output.quiet) std::fprintf(stderr, "%s\n", text.c_str());
}

std::shared_ptr<bool> add_yes_option(CLI::App& command) {
    auto yes = std::make_shared<bool>(false);
    command.add_flag("--yes", *yes, "do not ask");
    return yes;
}

bool confirmed(bool yes, const std::string& question) {
    if (yes) return true;
    if (::isatty(STDIN_FILENO) != 1) {
        std::fprintf(stderr, "error: %s needs a yes\n  next: repeat it with --yes\n",
                     question.c_str());
        return false;
    }
    std::fprintf(stderr, "%s? [y/N] ", question.c_str());
    const int answer = std::getchar();
    return answer == 'y' || answer == 'Y';
}

}  // namespace ndes::crp::cli
