// Where the database of a `crpctl db` verb is; and the two verbs that have a file of their own.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "common/error.h"
#include "crp-service/store/store_factory.h"

namespace ndes::crp::cli {

struct DatabasePlace {
    std::filesystem::path config;  // crpd's configuration file, or
    std::filesystem::path path;    // the SQLite file itself
    // PostgreSQL's owner; neither: the configuration's role
    std::string owner;
    std::filesystem::path owner_file;
};

// Adds the options that name the place, of which one is needed, and the owner.
std::shared_ptr<DatabasePlace> add_database_place(CLI::App& verb);

Result<StoreOptions> store_options(const DatabasePlace& place);

// report() for a fault of the database: what to do about one that is in use, or there already.
int report_database(const Error& error);

void add_backup_verb(CLI::App& noun, int& exit_code);
void add_restore_verb(CLI::App& noun, int& exit_code);

}  // namespace ndes::crp::cli
