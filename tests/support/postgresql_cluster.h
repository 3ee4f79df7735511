// PostgresqlCluster: a throw-away PostgreSQL of Debian's package, made by scripts/lib/postgresql.sh
// and deleted with this object; without fsync, so that it outlives killed processes but no power
// loss. A failure to start is an exception: a test without it would show nothing. One thread.
#pragma once

#include <filesystem>
#include <string>

#include "crp-service/store/store_factory.h"

namespace ndes::test {

class PostgresqlCluster {
  public:
    PostgresqlCluster();
    ~PostgresqlCluster();
    PostgresqlCluster(const PostgresqlCluster&) = delete;
    PostgresqlCluster& operator=(const PostgresqlCluster&) = delete;

    // An empty database, or one with crpd's schema as `crpctl db create` makes it.
    crp::StoreOptions empty_database();
    crp::StoreOptions fresh_database();

    // Runs SQL as superuser; the rows alone, a line each. Throws when it fails.
    std::string query(const crp::StoreOptions& options, const std::string& sql);
    void kill();  // kill -9 of the server and all its processes
    void start();

  private:
    std::string shell(const std::string& command);
    crp::StoreOptions options_for(const std::string& database);
    std::string make_database(const std::string& of_template);

    std::filesystem::path folder_;  // goes with this object
    bool has_template_ = false;
    int databases_ = 0;
};

// One for the whole program, started when it is first asked for.
PostgresqlCluster& postgresql_cluster();

}  // namespace ndes::test
