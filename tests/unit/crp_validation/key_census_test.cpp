// What hangs on each key, and what is told when one is gone.
#include "crp-service/enrollment/key_census.h"

#include "crp-service/store/memory_store.h"
#include "tests/catch.h"
#include "tests/unit/crp_validation/fakes.h"

using namespace ndes;
using namespace ndes::crp;

namespace {

struct CountingStore : MemoryStore {
    std::vector<KeyUse> uses;
    Result<std::vector<KeyUse>> count_outstanding_challenges(WallTime) override { return uses; }
};

ChallengeCodec codec() {
    std::vector<ChallengeKey> keys, peppers;
    keys.push_back({"k2", Secret(Bytes(32, 2))});
    keys.push_back({"k1", Secret(Bytes(32, 1))});
    peppers.push_back({"p1", Secret(Bytes(16, 3))});
    return ChallengeCodec(std::move(keys), std::move(peppers));
}

const WallTime kNow = from_unix_ms(1'780'000'000'000);
const WallTime kLater = kNow + std::chrono::hours(1);

}  // namespace

TEST_CASE("each configured key is told with its place and what depends on it") {
    CountingStore store;
    store.uses = {{ChallengeKind::minted, "k1", 212, kLater},
                  {ChallengeKind::posted, "p1", 3, kNow}};
    const auto census = take_key_census(codec(), store, kNow);
    REQUIRE(census.has_value());
    REQUIRE(census->size() == 3);
    CHECK((*census)[0].id == "k2");
    CHECK((*census)[0].place == KeyPlace::current);
    CHECK((*census)[0].outstanding == 0);
    CHECK((*census)[1].id == "k1");
    CHECK((*census)[1].place == KeyPlace::previous);
    CHECK((*census)[1].outstanding == 212);
    CHECK((*census)[1].last_expiry == kLater);
    CHECK((*census)[2].kind == ChallengeKind::posted);
    CHECK((*census)[2].outstanding == 3);
    CHECK(tell_missing_keys(*census).empty());
}

TEST_CASE("a key that is gone while challenges depend on it is told with what to do") {
    CountingStore store;
    store.uses = {{ChallengeKind::minted, "k7", 212, kLater},
                  {ChallengeKind::sealed, "crp-seal", 1, kLater},
                  {ChallengeKind::minted, "", 9, kLater}};  // from before keys were recorded
    const auto census = take_key_census(codec(), store, kNow);
    REQUIRE(census.has_value());
    REQUIRE(census->size() == 5);
    CHECK((*census)[2].id == "k7");
    CHECK((*census)[2].place == KeyPlace::missing);
    const std::string text = tell_missing_keys(*census);
    CHECK(text.find("Challenge key k7 was removed while 212 outstanding challenges depend on it. "
                    "They will all be refused. Put it back into challenge.key_files until " +
                    to_rfc3339(kLater)) != std::string::npos);
    CHECK(text.find("Decryption key crp-seal") != std::string::npos);

    test::KeepingLog log;
    log_missing_keys(codec(), store, kNow, log);
    REQUIRE(log.lines.size() == 1);
    CHECK(log.lines.front().severity == Severity::warning);
    store.uses.clear();
    log_missing_keys(codec(), store, kNow, log);
    CHECK(log.lines.size() == 1);
}
