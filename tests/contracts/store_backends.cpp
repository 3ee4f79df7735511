#include "crp-service/store/memory_store.h"
#include "crp-service/store/store_factory.h"
#include "tests/contracts/store_contract.h"
#include "tests/contracts/temporary_folder.h"
#include "tests/support/postgresql_cluster.h"

namespace ndes::test {
namespace {

class MemoryFixture final : public StoreFixture {
  public:
    crp::Store& store() override { return store_; }
    void reopen() override {}

  private:
    crp::MemoryStore store_;
};

class DatabaseFixture : public StoreFixture {
  public:
    crp::Store& store() override { return *store_; }
    void reopen() override {
        store_.reset();
        auto opened = crp::open_store(options_, system_clock());
        INFO((opened ? std::string() : opened.error().text + ": " + opened.error().detail));
        REQUIRE(opened);
        store_ = std::move(*opened);
    }

  protected:
    explicit DatabaseFixture(crp::StoreOptions options) : options_(std::move(options)) {}
    const crp::StoreOptions options_;

  private:
    std::unique_ptr<crp::Store> store_;
};

struct OwnFolder {
    TemporaryFolder folder;
};

class SqliteFixture final : private OwnFolder, public DatabaseFixture {
  public:
    SqliteFixture() : DatabaseFixture({.kind = "sqlite", .path = folder / "crp.db", .readers = 4}) {
        REQUIRE(crp::create_store(options_, system_clock()));
        reopen();
    }
};

class PostgresqlFixture final : public DatabaseFixture {
  public:
    PostgresqlFixture() : DatabaseFixture(postgresql_cluster().fresh_database()) { reopen(); }
};

template <class Fixture>
std::unique_ptr<StoreFixture> make() {
    return std::make_unique<Fixture>();
}

}  // namespace

const std::vector<StoreBackend>& store_backends() {
    static const std::vector<StoreBackend> backends{
        {"memory", make<MemoryFixture>},
        {"sqlite", make<SqliteFixture>},
        {"postgresql", make<PostgresqlFixture>},
    };
    return backends;
}

}  // namespace ndes::test
