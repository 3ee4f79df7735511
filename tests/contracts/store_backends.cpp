#include "crp-service/store/memory_store.h"
#include "crp-service/store/store_factory.h"
#include "tests/contracts/store_contract.h"
#include "tests/contracts/temporary_folder.h"

namespace ndes::test {
namespace {

class MemoryFixture final : public StoreFixture {
  public:
    crp::Store& store() override { return store_; }
    void reopen() override {}

  private:
    crp::MemoryStore store_;
};

class SqliteFixture final : public StoreFixture {
  public:
    SqliteFixture() {
        REQUIRE(crp::create_store(options_, system_clock()));
        open();
    }
    crp::Store& store() override { return *store_; }
    void reopen() override {
        store_.reset();
        open();
    }

  private:
    void open() {
        auto opened = crp::open_store(options_, system_clock());
        INFO((opened ? std::string() : opened.error().text + ": " + opened.error().detail));
        REQUIRE(opened);
        store_ = std::move(*opened);
    }

    TemporaryFolder folder_;
    crp::StoreOptions options_{.kind = "sqlite", .path = folder_ / "crp.db", .readers = 4};
    std::unique_ptr<crp::Store> store_;
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
    };
    return backends;
}

}  // namespace ndes::test
