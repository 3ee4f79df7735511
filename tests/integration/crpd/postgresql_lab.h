// PostgresqlLab: a PostgreSQL cluster of the test's own and two real crpd, nodes "a" and "b", on
// one database in it, over mutual TLS. Members are for one thread unless they say otherwise.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/crpd/crpd_lab.h"
#include "tests/support/postgresql_cluster.h"

namespace ndes::test {

class PostgresqlLab {
  public:
    PostgresqlLab();  // both run and are ready

    // Starts node 0 or 1 and waits until it is ready; false after 20 s.
    bool start(std::size_t node);
    void kill(std::size_t node);  // kill -9
    // Challenges for phone-1 and alice, made in batches by node 0.
    std::vector<std::string> new_challenges(std::size_t count);
    std::uint16_t port(std::size_t node) const { return nodes_.at(node).port; }
    // A connection of the caller with role ndes. Any thread.
    std::unique_ptr<RawClient> connect(std::size_t node);
    std::string query(const std::string& sql) { return cluster.query(options_, sql); }

    PostgresqlCluster cluster;

  private:
    struct Node {
        std::unique_ptr<ChildProcess> process;
        std::atomic<std::uint16_t> port{0};
        std::atomic<std::uint16_t> health_port{0};
    };
    std::filesystem::path output_of(std::size_t node) const;

    crp::StoreOptions options_ = cluster.empty_database();

  public:
    CrpdLab crpd;  // its configuration and certificates; not its process

  private:
    std::shared_ptr<SSL_CTX> ndes_;
    std::shared_ptr<SSL_CTX> mdm_;
    std::array<Node, 2> nodes_;
};

inline constexpr const char* kVerifyPath = "/CMCertificateRegistration/Certificate/VerifyRequest";

}  // namespace ndes::test
