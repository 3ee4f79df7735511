#include "scep-server/journal/journal.h"

#include <fcntl.h>

#include "common/crypto/digest.h"
#include "common/sqlite/database.h"
#include "scep-server/journal/der_list.h"
#include "scep-server/journal/schema.h"
#include "tests/catch.h"
#include "tests/unit/scep_server/lab.h"

using namespace ndes;
using namespace ndes::scep;

namespace {

const Bytes kLeaf{0x30, 0x03, 0x02, 0x01, 0x07};
const Bytes kChain{0x30, 0x00};

constexpr WallTime kNever{};  // no certificate may be replaced

IssuedEntry entry_of(const std::string& transaction, WallTime when = from_unix_ms(1000)) {
    return {{transaction, sha256_hex(as_bytes(transaction)), "", ""},
            "decision",
            {kLeaf, kChain},
            when,
            "0a0b",
            std::nullopt};
}

PendingNotify notify_of(const std::string& transaction, std::int32_t disposition = 0) {
    PendingNotify notify;
    notify.transaction_id = transaction;
    notify.request_id = "request of " + transaction;
    notify.challenge_sealed = "sealed";
    notify.disposition = disposition;
    if (disposition == 0) notify.certificate = kLeaf;
    return notify;
}

std::unique_ptr<Journal> open_journal(const std::filesystem::path& path, const Clock& clock) {
    auto journal = Journal::open(path, true, clock);
    if (!journal) INFO(journal.error().text << " " << journal.error().detail);
    REQUIRE(journal);
    return std::move(*journal);
}

}  // namespace

TEST_CASE("an issued certificate is found again by its very request") {
    const test::TemporaryFolder folder;
    const test::FakeClock clock;
    const auto journal = open_journal(folder / "j.db", clock);
    const IssuedEntry entry = entry_of("tx-1");
    REQUIRE(journal->record_issued(entry, notify_of("tx-1"), kNever));

    auto found = journal->find_issued(entry.key);
    REQUIRE(found);
    REQUIRE(found->has_value());
    CHECK((*found)->key == entry.key);
    CHECK((*found)->certificates == entry.certificates);
    CHECK((*found)->decision_id == "decision");
    CHECK((*found)->issued_at == entry.issued_at);

    for (const RequestKey& other : {RequestKey{"tx-2", entry.key.csr_sha256, ""},
                                    RequestKey{"tx-1", std::string(64, '0'), "", ""},
                                    RequestKey{"tx-1", entry.key.csr_sha256, "abc", ""}}) {
        auto missing = journal->find_issued(other);
        REQUIRE(missing);
        CHECK_FALSE(missing->has_value());
    }
    CHECK(*journal->has_certificate(sha256_hex(kLeaf)));
    CHECK_FALSE(*journal->has_certificate(sha256_hex(kChain)));
    CHECK(journal->healthy());
}

TEST_CASE("one request is recorded once") {
    const test::TemporaryFolder folder;
    const test::FakeClock clock;
    const auto journal = open_journal(folder / "j.db", clock);
    REQUIRE(journal->record_issued(entry_of("tx"), notify_of("tx"), kNever));
    auto again = journal->record_issued(entry_of("tx"), notify_of("tx"), kNever);
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::conflict);
    CHECK(journal->notifies().census()->waiting == 1);  // the second left no trace
}

TEST_CASE("an entry without a certificate, or a lone Notify with one, is a fault of ours") {
    const test::TemporaryFolder folder;
    const test::FakeClock clock;
    const auto journal = open_journal(folder / "j.db", clock);
    IssuedEntry empty = entry_of("tx");
    empty.certificates.clear();
    CHECK(journal->record_issued(empty, notify_of("tx"), kNever).error().code ==
          ErrorCode::internal);
    CHECK(journal->record_notify(notify_of("tx")).error().code == ErrorCode::internal);
}

TEST_CASE("pending Notify calls come back whole, one per transaction, oldest first") {
    const test::TemporaryFolder folder;
    test::FakeClock clock;
    const auto journal = open_journal(folder / "j.db", clock);
    REQUIRE(journal->record_notify(notify_of("a", 3)));
    REQUIRE(journal->record_issued(entry_of("a"), notify_of("a"), kNever));
    PendingNotify failure = notify_of("b", 2);
    failure.last_result = static_cast<std::int32_t>(0x80004005u);
    REQUIRE(journal->record_notify(failure));

    auto due = journal->notifies().due(10);
    REQUIRE(due);
    REQUIRE(due->size() == 2);
    CHECK((*due)[0].transaction_id == "a");
    CHECK((*due)[0].disposition == 3);
    CHECK((*due)[0].certificate.empty());
    CHECK((*due)[1].transaction_id == "b");
    CHECK((*due)[1].last_result == static_cast<std::int32_t>(0x80004005u));
    CHECK((*due)[1].challenge_sealed == "sealed");
    CHECK((*due)[1].request_id == "request of b");
    CHECK(journal->notifies().due(1)->size() == 1);

    REQUIRE(journal->notifies().acknowledged((*due)[0].id));
    due = journal->notifies().due(10);
    REQUIRE(due->size() == 2);
    CHECK((*due)[0].transaction_id == "a");
    CHECK((*due)[0].disposition == 0);
    CHECK((*due)[0].certificate == kLeaf);
    CHECK(journal->notifies().census()->waiting == 2);
}

TEST_CASE("a failed Notify waits for its time and holds back what comes after it") {
    const test::TemporaryFolder folder;
    test::FakeClock clock;
    const auto journal = open_journal(folder / "j.db", clock);
    REQUIRE(journal->record_notify(notify_of("a", 3)));
    REQUIRE(journal->record_notify(notify_of("a", 2)));
    const auto first = journal->notifies().due(10)->front();
    REQUIRE(journal->notifies().failed(first.id, clock.now() + std::chrono::seconds(5), "why"));
    CHECK(journal->notifies().due(10)->empty());
    CHECK(journal->notifies().census()->waiting == 2);
    clock.advance(std::chrono::seconds(5));
    const auto due = journal->notifies().due(10);
    REQUIRE(due->size() == 1);
    CHECK(due->front().id == first.id);
    CHECK(due->front().attempts == 1);
}

TEST_CASE("a journal is made only when told so, and opened by one process") {
    const test::TemporaryFolder folder;
    const test::FakeClock clock;
    auto missing = Journal::open(folder / "j.db", false, clock);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::configuration);
    CHECK(missing.error().text.find("journal.create") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder / "j.db"));

    const auto journal = open_journal(folder / "j.db", clock);
    auto second = Journal::open(folder / "j.db", false, clock);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::storage);
}

TEST_CASE("an empty file is taken up only when told so") {
    const test::TemporaryFolder folder;
    const test::FakeClock clock;
    test::write_text(folder / "j.db", "");
    auto refused = Journal::open(folder / "j.db", false, clock);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::configuration);
    CHECK(Journal::open(folder / "j.db", true, clock));
    CHECK(Journal::open(folder / "j.db", false, clock));
}

TEST_CASE("a journal of another version, and what is no journal, is refused") {
    const test::TemporaryFolder folder;
    const test::FakeClock clock;
    SECTION("newer") {
        static_cast<void>(open_journal(folder / "j.db", clock));
        {
            auto database = sqlite::Database::open(folder / "j.db", sqlite::OpenMode::read_write);
            REQUIRE(database);
            REQUIRE(
                database->execute("PRAGMA user_version = " + std::to_string(kJournalVersion + 1)));
        }
        auto refused = Journal::open(folder / "j.db", true, clock);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::configuration);
        CHECK(refused.error().text.find("version") != std::string::npos);
    }
    SECTION("not SQLite") {
        test::write_text(folder / "j.db", std::string(5000, 'x'));
        auto refused = Journal::open(folder / "j.db", true, clock);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::storage);
    }
}

TEST_CASE("DER values are told apart by their own lengths") {
    const std::vector<Bytes> values{kLeaf, kChain, Bytes(300, 0)};
    std::vector<Bytes> long_form = values;
    long_form[2] = {0x30, 0x82, 0x01, 0x00};
    long_form[2].resize(4 + 256, 0x05);
    CHECK(*split_der(join_der(long_form)) == long_form);
    CHECK(split_der({})->empty());
    CHECK_FALSE(split_der(Bytes{0x30, 0x05, 0x00}));        // claims more than there is
    CHECK_FALSE(split_der(Bytes{0x30, 0x80, 0x00, 0x00}));  // indefinite length is not DER
    CHECK_FALSE(split_der(Bytes{0x30}));
}

TEST_CASE("a dead letter stays, over a restart, and lets its transaction's later ones go") {
    const test::TemporaryFolder folder;
    test::FakeClock clock;
    std::int64_t first = 0;
    {
        const auto journal = open_journal(folder / "j.db", clock);
        REQUIRE(journal->record_notify(notify_of("a", 3)));
        REQUIRE(journal->record_issued(entry_of("a"), notify_of("a"), kNever));
        first = journal->notifies().due(10)->front().id;
        REQUIRE(journal->notifies().bury(first, "never"));
    }
    const auto journal = open_journal(folder / "j.db", clock);
    NotifyQueue& queue = journal->notifies();
    const auto due = queue.due(10);
    REQUIRE(due->size() == 1);
    CHECK(due->front().disposition == 0);
    CHECK(queue.census()->waiting == 1);
    CHECK(queue.census()->dead == 1);
    CHECK(queue.census()->oldest == clock.now());

    const auto all = queue.list(0, 10, NotifyKind::all);
    REQUIRE(all->size() == 2);
    CHECK((*all)[0].id == first);
    CHECK((*all)[0].dead_at == clock.now());
    CHECK((*all)[0].last_error == "never");
    CHECK((*all)[0].serial.empty());
    CHECK_FALSE((*all)[1].dead_at);
    CHECK((*all)[1].serial == "0a0b");
    CHECK(queue.list(first, 10, NotifyKind::all)->size() == 1);
    CHECK(queue.list(0, 10, NotifyKind::waiting)->front().id != first);
    CHECK(queue.list(0, 10, NotifyKind::dead)->front().id == first);
    CHECK(queue.list(0, 1, NotifyKind::all)->size() == 1);

    CHECK(queue.discard((*all)[1].id).error().code == ErrorCode::conflict);
    CHECK(queue.discard(99).error().code == ErrorCode::not_found);
    CHECK(queue.retry(99).error().code == ErrorCode::not_found);
    SECTION("told again, it is the oldest of its transaction once more") {
        REQUIRE(queue.retry(first));
        REQUIRE(queue.due(10)->size() == 1);
        CHECK(queue.due(10)->front().id == first);
        CHECK(queue.due(10)->front().attempts == 0);
    }
    SECTION("all of them at once") {
        CHECK(*queue.retry_dead() == 1);
        CHECK(queue.census()->dead == 0);
    }
    SECTION("discarded, it is gone") {
        CHECK(queue.discard(first)->request_id == "request of a");
        CHECK(queue.list(0, 10, NotifyKind::all)->size() == 1);
    }
}

TEST_CASE("Notify calls of a journal of before are told on, with a time of recording") {
    const test::TemporaryFolder folder;
    const test::FakeClock clock;
    {
        auto made = sqlite::Database::open(folder / "j.db", sqlite::OpenMode::create);
        REQUIRE(made);
        for (std::size_t step = 0; step < 3; ++step)
            REQUIRE(made->execute(kJournalSteps.at(step)));
        REQUIRE(made->execute(
            "INSERT INTO notify (transaction_id, request_id, challenge_sealed, disposition,"
            " last_result, next_attempt_ms) VALUES ('a', 'r', '', 2, 0, 1000);"
            "PRAGMA user_version = 3"));
    }
    const auto journal = open_journal(folder / "j.db", clock);
    CHECK(journal->notifies().due(10)->size() == 1);
    CHECK(journal->notifies().census()->oldest == from_unix_ms(1000));
}
