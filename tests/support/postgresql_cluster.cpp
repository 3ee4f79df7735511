#include "tests/support/postgresql_cluster.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "common/clock.h"

namespace ndes::test {
namespace {

constexpr const char* kTemplate = "crp_template";

std::string quoted(const std::string& text) {
    std::string result = "'";
    for (const char c : text)
        result += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return result + "'";
}

// Of a text of libpq keywords with every value between quotation marks or without any.
std::string database_of(const crp::StoreOptions& options) {
    const std::size_t begin = options.connection.find("dbname=") + 7;
    return options.connection.substr(begin, options.connection.find(' ', begin) - begin);
}

}  // namespace

PostgresqlCluster::PostgresqlCluster() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ndes-cluster-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder_ = pattern;
    shell("postgresql_start \"$dir\" fast");
}

PostgresqlCluster::~PostgresqlCluster() {
    try {
        shell("postgresql_remove \"$dir\"");
    } catch (const std::exception& failed) {
        std::fprintf(stderr, "%s\n", failed.what());
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::string PostgresqlCluster::shell(const std::string& command) {
    const std::string script = "set -e; source " NDES_SOURCE_DIR
                               "/scripts/lib/postgresql.sh; dir=" +
                               quoted(folder_.string()) + "; " + command;
    const auto closer = [](std::FILE* file) { return ::pclose(file); };
    std::FILE* const file = ::popen(("bash -c " + quoted(script) + " 2>&1").c_str(), "r");
    if (file == nullptr) throw std::runtime_error("popen failed");
    std::string output;
    std::array<char, 4096> buffer{};
    while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file))
        output.append(buffer.data(), count);
    if (closer(file) != 0) throw std::runtime_error(command + ": " + output);
    while (output.ends_with('\n'))
        output.pop_back();
    return output;
}

crp::StoreOptions PostgresqlCluster::options_for(const std::string& database) {
    crp::StoreOptions options;
    options.kind = "postgresql";
    options.readers = 4;
    options.node = "node-1";
    options.connection = shell("postgresql_run_dsn \"$dir\" " + database);
    options.owner_connection = shell(
        "source \"$dir/postgresql.env\"; echo \"${PG_DSN/dbname=crp "
        "/dbname=" +
        database + " }\"");
    return options;
}

std::string PostgresqlCluster::make_database(const std::string& of_template) {
    const std::string name = "test_" + std::to_string(++databases_);
    shell("postgresql_psql \"$dir\" postgres \"CREATE DATABASE " + name + " TEMPLATE " +
          of_template + "\"");
    return name;
}

crp::StoreOptions PostgresqlCluster::empty_database() {
    return options_for(make_database("template1"));
}

crp::StoreOptions PostgresqlCluster::fresh_database() {
    if (!has_template_) {
        shell(std::string("postgresql_psql \"$dir\" postgres \"CREATE DATABASE ") + kTemplate +
              "\"");
        auto created = crp::create_store(options_for(kTemplate), system_clock());
        if (!created) {
            throw std::runtime_error(created.error().text + ": " + created.error().detail);
        }
        has_template_ = true;
    }
    return options_for(make_database(kTemplate));
}

std::string PostgresqlCluster::query(const crp::StoreOptions& options, const std::string& sql) {
    return shell("postgresql_psql \"$dir\" " + database_of(options) + " " +
                 quoted("SET search_path TO crp; " + sql));
}

void PostgresqlCluster::kill() { shell("postgresql_kill \"$dir\""); }
void PostgresqlCluster::start() { shell("postgresql_start \"$dir\""); }

PostgresqlCluster& postgresql_cluster() {
    static PostgresqlCluster cluster;
    return cluster;
}

}  // namespace ndes::test
