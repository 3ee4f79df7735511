// Output: what crpctl prints. Data goes to standard output as a table, JSON or CSV; talk goes to
// standard error. Text from outside never reaches a terminal with its control or bidirectional
// characters. Knows no record or path. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/error.h"
#include "common/strict_json.h"

namespace ndes::crp::cli {

struct Output {
    std::string format = "table";  // --format: table, json, csv
    bool quiet = false;            // --quiet: no talk
};

// Adds --format and --quiet to `command`; `csv`: for verbs that print a list.
std::shared_ptr<Output> add_output_options(CLI::App& command, bool csv);

// A column of a list: its title and the member of each item that it shows.
struct Column {
    const char* title;
    const char* member;
};

// Prints items one by one: JSON and CSV as they come, a table when all are known.
class ListPrinter {
  public:
    ListPrinter(const Output& output, std::vector<Column> columns);
    void add(const Json& item);
    // Once, after the last item; not at all when there may be more that could not be had: then
    // JSON stays open and a table is not printed, so that nobody takes a part for the whole.
    void finish();

  private:
    void print_row(const std::vector<std::string>& cells, bool title) const;
    void print_members() const;
    void print_csv(const std::vector<std::string>& cells) const;

    const Output& output_;
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;  // table only
    std::vector<std::size_t> widths_;             // in characters
    std::size_t count_ = 0;
};

// One object: as JSON, or a line for each member.
void print_object(const Output& output, const Json& object);

void print_json(const Json& value);

// One line to standard error, unless --quiet.
void say(const Output& output, const std::string& text);

// A JSON value as a cell: text as it is, "-" for null or empty, items of a list with commas.
std::string cell_text(const Json& value);

// True when standard output is a terminal and NO_COLOR is not set.
bool may_colour();

// Adds --yes; a destructive verb asks without it, and refuses where nobody can be asked.
std::shared_ptr<bool> add_yes_option(CLI::App& command);
// True when `yes`, or when the operator at the terminal types y.
bool confirmed(bool yes, const std::string& question);

}  // namespace ndes::crp::cli
